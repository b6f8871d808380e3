import fastify from 'fastify';
import { simpleParser } from 'mailparser';
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

/** One mail, as in `GET /messages`. */
export type ReceivedMessage = {
  messageId: string | null;
  to: string[];
  subject: string;
  text: string;
  html: string | null;
  receivedAt: string;
};

export type Mailbox = {
  /** For people and tests: `GET` and `DELETE /messages`. */
  url: string;
  /** The SMTP address for senders. */
  smtpUrl: string;
  /** The messages to an address, oldest first. */
  messages: (filter: { to?: string; subject?: string }) => Promise<ReceivedMessage[]>;
  stop: () => Promise<void>;
};

/** The number of messages in memory; beyond it the oldest are dropped. */
const limit = 50_000;

/** Starts a mail server that stores every message, and an HTTP API that shows them. */
export async function startMailbox(): Promise<Mailbox> {
  let mails: Mail[] = [];
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    logger: false,
    closeTimeout: 500,
    onData(stream, session, callback) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        mails.push(
          new Mail(
            Buffer.concat(chunks),
            session.envelope.rcptTo.map(({ address }) => address),
          ),
        );
        if (mails.length > limit) mails = mails.slice(-limit / 2);
        callback();
      });
    },
  });
  smtp.on('error', () => undefined); // a sender that disconnects reports this itself
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));

  const messages: Mailbox['messages'] = async ({ to = '', subject = '' }) => {
    const addressed = mails.filter((mail) => mail.to.some((address) => contains(address, to)));
    const read = await Promise.all(addressed.map((mail) => mail.read()));
    return read.filter((message) => contains(message.subject, subject));
  };
  const http = fastify({ forceCloseConnections: true });
  http.get<{ Querystring: { to?: string; subject?: string } }>('/messages', async (request, reply) =>
    reply.type('application/json').send(JSON.stringify(await messages(request.query))),
  );
  http.delete('/messages', (_request, reply) => {
    mails = [];
    return reply.code(204).send();
  });
  const url = await http.listen({ host: '127.0.0.1', port: 0 });
  const { port } = smtp.server.address() as AddressInfo;
  return {
    url,
    smtpUrl: `smtp://127.0.0.1:${port}`,
    messages,
    stop: async () => {
      await Promise.all([http.close(), new Promise<void>((resolve) => smtp.close(() => resolve()))]);
    },
  };
}

// Messages are parsed only when they are read: parsing costs more CPU than receiving, and the services need it.
class Mail {
  readonly #receivedAt = new Date().toISOString();
  #message: Promise<ReceivedMessage> | undefined;

  constructor(
    readonly raw: Buffer,
    readonly to: string[],
  ) {}

  read(): Promise<ReceivedMessage> {
    return (this.#message ??= this.#parse());
  }

  async #parse(): Promise<ReceivedMessage> {
    const options = { skipImageLinks: true, skipTextToHtml: true, skipHtmlToText: true, skipTextLinks: true };
    const { messageId, subject, text, html } = await simpleParser(this.raw, options);
    return {
      messageId: messageId ?? null,
      to: this.to,
      subject: subject ?? '',
      text: text ?? '',
      html: html || null,
      receivedAt: this.#receivedAt,
    };
  }
}

const contains = (text: string, part: string): boolean => text.toLowerCase().includes(part.toLowerCase());
