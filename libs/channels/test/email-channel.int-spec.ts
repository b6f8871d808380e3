import { createServer, type AddressInfo, type Server } from 'node:net';
import { inspect } from 'node:util';
import { PermanentError, RetryableError, ShutdownError, UnknownOutcomeError } from '@orderly/errors';
import { createEmailChannel, type EmailChannel, type EmailChannelOptions, type EmailMessage } from '../src';
import { startMailServer, type MailServer, type MailServerBehaviour } from './mail-server';

const recipient = 'jo-ann@example.com';
const never = new AbortController().signal;

const messageTo = (to: string, overrides: Partial<EmailMessage> = {}): EmailMessage => ({
  to,
  subject: 'Your order o-1 is on its way',
  text: 'Hello Jo,\n',
  html: '<p>Hello Jo,</p>',
  messageId: '<770ed8a3929d15f63966de5053cbc915985418a4@shop.example>',
  signal: never,
  ...overrides,
});

const closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const openChannel = (smtpUrl: string, overrides: Partial<EmailChannelOptions> = {}): EmailChannel => {
  const channel = createEmailChannel({
    smtpUrl,
    from: 'Shop <orders@shop.example>',
    poolSize: 2,
    connectTimeoutMs: 5_000,
    ...overrides,
  });
  closers.push(() => channel.close());
  return channel;
};

async function setup(
  behaviour: MailServerBehaviour = {},
  overrides: Partial<EmailChannelOptions> = {},
): Promise<{ server: MailServer; channel: EmailChannel }> {
  const server = await startMailServer(behaviour);
  closers.push(() => server.close());
  return { server, channel: openChannel(`smtp://127.0.0.1:${server.port}`, overrides) };
}

async function listenTo(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const failureOf = (sending: Promise<unknown>): Promise<unknown> =>
  sending.then(
    () => undefined,
    (error: unknown) => error,
  );

async function expectFailure(
  sending: Promise<unknown>,
  kind: abstract new (...args: never[]) => Error,
  code: string,
): Promise<void> {
  const error = await failureOf(sending);
  expect(error).toBeInstanceOf(kind);
  expect(error).toHaveProperty('code', code);
  expect(inspect(error, { depth: 10, showHidden: true })).not.toMatch(/jo-ann/i);
}

describe('the email channel', () => {
  it('delivers both parts with exactly the given Message-ID', async () => {
    const { server, channel } = await setup();
    const reply = await channel.send(messageTo(recipient, { headers: { 'X-Order': 'o-1' } }));
    expect(reply).toEqual({ response: expect.stringMatching(/^250 /), accepted: true });
    const [received] = server.received;
    expect(received?.raw).toMatch(/^Message-ID: <770ed8a3929d15f63966de5053cbc915985418a4@shop\.example>\r$/m);
    expect(received?.mail).toMatchObject({
      subject: 'Your order o-1 is on its way',
      text: 'Hello Jo,\n',
      html: '<p>Hello Jo,</p>',
      from: { value: [{ name: 'Shop', address: 'orders@shop.example' }] },
      to: { value: [{ address: recipient }] },
    });
    expect(received?.mail.headers.get('x-order')).toBe('o-1');
    expect(server.counts.recipients).toEqual([recipient]);
  });

  it('uses TLS from the start for an smtps URL, and refuses an untrusted certificate', async () => {
    // This test needs the built-in certificate, which is not trusted; without `logger` the server would print a warning about it.
    const server = await startMailServer({ options: { secure: true, logger: false } });
    closers.push(() => server.close());
    const trusting = openChannel(`smtps://127.0.0.1:${server.port}?tls.rejectUnauthorized=false`);
    await trusting.send(messageTo(recipient));
    expect(server.received[0]?.session.secure).toBe(true);
    const strict = openChannel(`smtps://127.0.0.1:${server.port}`);
    await expectFailure(strict.send(messageTo(recipient)), RetryableError, 'mail-server-unavailable');
  });

  it('sends no password over a network without TLS, even if the server offers none', async () => {
    const logins: string[] = [];
    const server = await startMailServer({
      options: {
        allowInsecureAuth: true,
        disabledCommands: ['STARTTLS'],
        onAuth: ({ username = '' }, _session, callback) => {
          logins.push(username);
          callback(null, { user: username });
        },
      },
    });
    closers.push(() => server.close());
    // An address that leads to loopback, but does not look like it.
    const there = `0.0.0.0:${server.port}`;
    const strict = openChannel(`smtp://jo:hush@${there}`);
    await expectFailure(strict.send(messageTo(recipient)), RetryableError, 'mail-server-unavailable');
    expect(logins).toEqual([]);
    // Requested by the user, on the same machine, or without a password.
    await openChannel(`smtp://asked:hush@${there}?requireTLS=false`).send(messageTo(recipient));
    await openChannel(`smtp://loopback:hush@127.0.0.1:${server.port}`).send(messageTo(recipient));
    await openChannel(`smtp://${there}`).send(messageTo(recipient));
    expect(logins).toEqual(['asked', 'loopback']);
    expect(server.received).toHaveLength(3);
  });

  it('verifies that the server can be reached', async () => {
    const { channel, server } = await setup();
    await channel.verify();
    await server.close();
    await expectFailure(channel.verify(), RetryableError, 'mail-server-unavailable');
  });

  it('refuses a URL that is not a mail server, without quoting it', () => {
    const open = (): unknown => createEmailChannel({ smtpUrl: 'http://user:hush@mail', from: 'a@b.example', poolSize: 1 });
    expect(open).toThrow(/must have the form smtp/);
    expect(open).not.toThrow(/hush/);
  });
});

describe('a message that the server refuses', () => {
  it.each([
    ['for its recipient, for good', { refuseRecipient: 550 }, PermanentError, 'recipient-refused'],
    ['for its recipient, for now', { refuseRecipient: 450 }, RetryableError, 'mail-server-unavailable'],
    ['for what it says, for good', { refuseMessage: 554 }, PermanentError, 'mail-rejected'],
    ['for what it says, for now', { refuseMessage: 451 }, RetryableError, 'mail-server-unavailable'],
  ])('fails with its own error, and the connection serves the next message: %s', async (_why, behaviour, kind, code) => {
    const { server, channel } = await setup(behaviour, { poolSize: 1 });
    await expectFailure(channel.send(messageTo(recipient)), kind, code);
    await expectFailure(channel.send(messageTo(recipient)), kind, code);
    expect(server.counts.connections).toBe(1);
  });
});

describe('a message that was never sent', () => {
  it('is retryable if the connection is refused', async () => {
    const closed = createServer();
    const port = await listenTo(closed);
    await new Promise((resolve) => closed.close(resolve));
    await expectFailure(
      openChannel(`smtp://127.0.0.1:${port}`).send(messageTo(recipient)),
      RetryableError,
      'mail-server-unavailable',
    );
  });

  it('is retryable if the name does not resolve', async () => {
    const channel = openChannel('smtp://mail.invalid:2525', { connectTimeoutMs: 2_000 });
    await expectFailure(channel.send(messageTo(recipient)), RetryableError, 'mail-server-unavailable');
  });

  it('is retryable if the server sends no greeting', async () => {
    const mute = createServer((socket) => socket.on('error', () => undefined).resume());
    const port = await listenTo(mute);
    closers.push(() => new Promise((resolve) => mute.close(resolve)));
    const channel = openChannel(`smtp://127.0.0.1:${port}`, { connectTimeoutMs: 200 });
    await expectFailure(channel.send(messageTo(recipient)), RetryableError, 'mail-server-unavailable');
  });

  it('is retryable if the connection breaks at the recipient', async () => {
    const { server, channel } = await setup({ onRecipient: ({ destroyConnections }) => destroyConnections() });
    await expectFailure(channel.send(messageTo(recipient)), RetryableError, 'mail-server-unavailable');
    expect(server.received).toHaveLength(0);
    expect(server.counts.connections).toBe(1);
  });

  it('fails with the reason of an abort', async () => {
    const { server, channel } = await setup();
    const reason = new ShutdownError();
    expect(await failureOf(channel.send(messageTo(recipient, { signal: AbortSignal.abort(reason) })))).toBe(reason);
    expect(server.counts.connections).toBe(0);
  });
});

describe('a message that was sent', () => {
  it('is unknown and not resent if the connection breaks before the answer', async () => {
    let isBroken = true;
    const { server, channel } = await setup({
      onMessage: ({ destroyConnections }) => {
        if (!isBroken) return 'answer';
        destroyConnections();
        return 'silence';
      },
    });
    await expectFailure(channel.send(messageTo(recipient)), UnknownOutcomeError, 'message-outcome-unknown');
    isBroken = false;
    await channel.send(messageTo('bo@example.com'));
    expect(server.counts.recipients).toEqual([recipient, 'bo@example.com']);
  });

  it('is unknown if the answer times out', async () => {
    const { server, channel } = await setup({ onMessage: () => 'silence' }, { answerTimeoutMs: 200 });
    await expectFailure(channel.send(messageTo(recipient)), UnknownOutcomeError, 'message-outcome-unknown');
    expect(server.received).toHaveLength(1);
  });

  it('is unknown if the send is aborted before the answer', async () => {
    const abort = new AbortController();
    const { server, channel } = await setup({
      onMessage: () => {
        abort.abort(new ShutdownError());
        return 'silence';
      },
    });
    await expectFailure(
      channel.send(messageTo(recipient, { signal: abort.signal })),
      UnknownOutcomeError,
      'message-outcome-unknown',
    );
    expect(server.received).toHaveLength(1);
  });
});

describe('the envelope and headers of a message', () => {
  it.each([
    'a@example.com\r\nRCPT TO:<b@example.com>',
    'a@example.com\nBcc: b@example.com',
    'a@example.com, b@example.com',
    'A <a@example.com>',
    'a@example.com>',
    '"a b"@example.com',
    'a@b@example.com',
    'a\u202e@example.com',
    'nobody',
    '',
  ])('refuse the recipient %j before connecting', async (to) => {
    const { server, channel } = await setup();
    await expectFailure(channel.send(messageTo(to)), PermanentError, 'recipient-refused');
    expect(server.counts.connections).toBe(0);
  });

  it('contain no header or recipient injected by a subject, a Message-ID or a header', async () => {
    const { server, channel } = await setup();
    const evil = 'x\r\nBcc: evil@example.com\r\n\r\nbody';
    await channel.send(
      messageTo(recipient, { subject: evil, messageId: '<a@shop.example>\r\nX-Evil: 1', headers: { 'X-Order': evil } }),
    );
    const { mail, raw } = server.received[0] ?? {};
    expect(mail?.subject).toBe('x Bcc: evil@example.com body');
    expect(mail?.bcc).toBeUndefined();
    expect(mail?.headers.has('x-evil')).toBe(false);
    expect(raw).toContain('<p>Hello Jo,</p>');
    expect(server.counts.recipients).toEqual([recipient]);
  });
});

describe('the pool', () => {
  it('reuses one connection for several messages', async () => {
    const { server, channel } = await setup();
    for (let count = 0; count < 5; count += 1) await channel.send(messageTo(recipient));
    expect(server.counts.connections).toBe(1);
  });

  it('opens at most the maximum number of connections', async () => {
    const { server, channel } = await setup({}, { poolSize: 2 });
    await Promise.all(Array.from({ length: 12 }, (_, index) => channel.send(messageTo(`to-${index}@example.com`))));
    expect(server.received).toHaveLength(12);
    expect(server.counts.connections).toBeLessThanOrEqual(2);
  });
});
