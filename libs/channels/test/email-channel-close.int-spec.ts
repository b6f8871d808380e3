import { setImmediate } from 'node:timers/promises';
import { createEmailChannel, type EmailMessage } from '../src';
import { startMailServer } from './mail-server';

const message: EmailMessage = {
  to: 'jo@example.com',
  subject: 'Hello',
  text: 'Hello',
  html: '<p>Hello</p>',
  messageId: '<a@shop.example>',
  signal: new AbortController().signal,
};

// In its own file, because it counts the sockets of the process.
describe('closing the email channel', () => {
  it('waits for the answer to the message in flight, refuses new messages and leaves no connection', async () => {
    const before = openSockets();
    let closing: Promise<void> | undefined;
    const server = await startMailServer({
      onMessage: () => {
        closing = channel.close();
        return 'answer';
      },
    });
    const channel = createEmailChannel({ smtpUrl: `smtp://127.0.0.1:${server.port}`, from: 'orders@shop.example', poolSize: 2 });

    const sending = channel.send(message);
    await expect(sending).resolves.toMatchObject({ accepted: true });
    await expect(closing).resolves.toBeUndefined();
    await expect(channel.send(message)).rejects.toMatchObject({ code: 'mail-server-unavailable' });

    // The server closes its side in a later turn, and never first.
    while (openSockets() > before) await setImmediate();
    await server.close();
    expect(server.received).toHaveLength(1);
  });

  it('closes idle connections at once', async () => {
    const before = openSockets();
    const server = await startMailServer();
    const channel = createEmailChannel({ smtpUrl: `smtp://127.0.0.1:${server.port}`, from: 'orders@shop.example', poolSize: 2 });
    await Promise.all([channel.send(message), channel.send(message)]);
    expect(openSockets()).toBeGreaterThan(before);
    await channel.close();
    while (openSockets() > before) await setImmediate();
    await server.close();
  });
});

const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
