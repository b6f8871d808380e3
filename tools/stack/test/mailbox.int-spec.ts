import { createTransport } from 'nodemailer';
import { startMailbox, type Mailbox, type ReceivedMessage } from '../src/mailbox';

describe('the mailbox', () => {
  let mailbox: Mailbox;
  beforeEach(async () => {
    mailbox = await startMailbox();
  });
  afterEach(() => mailbox.stop());

  it('stores a mail received over SMTP with its text and HTML parts', async () => {
    await send({ to: 'ana@example.com', subject: 'Your order is on its way – já', messageId: '<m-1@orderly.example>' });
    expect(await messages()).toEqual([
      {
        ...{ messageId: '<m-1@orderly.example>', to: ['ana@example.com'], subject: 'Your order is on its way – já' },
        ...{ text: expect.stringContaining('plain') as string, html: expect.stringContaining('<b>rich</b>') as string },
        receivedAt: expect.stringMatching(/Z$/) as string,
      },
    ]);
  });

  it('finds messages by part of the address and of the subject', async () => {
    await send({ to: 'ana@example.com', subject: 'Confirmed' });
    await send({ to: 'ana@example.com', subject: 'Shipped' });
    await send({ to: 'bob@example.com', subject: 'Shipped' });
    expect(await messages('?to=ANA@&subject=ship')).toMatchObject([{ to: ['ana@example.com'], subject: 'Shipped' }]);
    expect(await messages('?subject=shipped')).toHaveLength(2);
  });

  it('deletes all messages on DELETE', async () => {
    await send({ to: 'ana@example.com', subject: 'Shipped' });
    expect((await fetch(`${mailbox.url}/messages`, { method: 'DELETE' })).status).toBe(204);
    expect(await messages()).toEqual([]);
  });

  async function send(mail: { to: string; subject: string; messageId?: string }): Promise<void> {
    const transport = createTransport(mailbox.smtpUrl);
    await transport.sendMail({ from: 'orders@orderly.example', text: 'plain', html: '<b>rich</b>', ...mail });
    transport.close();
  }

  const messages = async (query = ''): Promise<ReceivedMessage[]> =>
    (await (await fetch(`${mailbox.url}/messages${query}`)).json()) as ReceivedMessage[];
});
