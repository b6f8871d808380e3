import type { AddressInfo, Socket } from 'node:net';
import { simpleParser, type ParsedMail } from 'mailparser';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';

type ReceivedMail = { readonly session: SMTPServerSession; readonly raw: string; readonly mail: ParsedMail };

export type MailServer = {
  readonly port: number;
  /** Messages that arrived completely, accepted or refused. */
  readonly received: ReceivedMail[];
  readonly counts: { connections: number; recipients: string[] };
  /** Destroys every connection without an answer. */
  readonly destroyConnections: () => void;
  readonly close: () => Promise<void>;
};

export type MailServerBehaviour = {
  /** Refuses each recipient with this answer. */
  readonly refuseRecipient?: number;
  /** Refuses each message with this answer, after all its data. */
  readonly refuseMessage?: number;
  readonly onRecipient?: (server: MailServer) => void;
  /** Called after all data has arrived; the return value decides whether the server answers. */
  readonly onMessage?: (server: MailServer) => 'answer' | 'silence';
  readonly options?: SMTPServerOptions;
};

/** A mail server on a free loopback port. */
export async function startMailServer(behaviour: MailServerBehaviour = {}): Promise<MailServer> {
  const sockets = new Set<Socket>();
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    disableReverseLookup: true,
    closeTimeout: 10,
    onRcptTo: (address, _session, callback) => {
      server.counts.recipients.push(address.address);
      behaviour.onRecipient?.(server);
      callback(
        refusal(behaviour.refuseRecipient, `5.1.1 <${address.address}>: user ${address.address.split('@')[0]} is unknown`),
      );
    },
    onData: (stream, session, callback) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        const raw = Buffer.concat(chunks).toString('utf8');
        void simpleParser(raw).then((mail) => {
          server.received.push({ session: { ...session }, raw, mail });
          if ((behaviour.onMessage?.(server) ?? 'answer') === 'answer')
            callback(refusal(behaviour.refuseMessage, 'not wanted here'));
        });
      });
    },
    ...behaviour.options,
  });
  // A test may break a connection; this is not an error of the server.
  smtp.on('error', () => undefined);
  const server: MailServer = {
    get port() {
      return (smtp.server.address() as AddressInfo).port;
    },
    received: [],
    counts: { connections: 0, recipients: [] },
    destroyConnections: () => sockets.forEach((socket) => socket.destroy()),
    close: async () => {
      if (smtp.server.listening) await new Promise<void>((resolve) => smtp.close(() => resolve()));
    },
  };
  smtp.server.on('connection', (socket: Socket) => {
    server.counts.connections += 1;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
  return server;
}

const refusal = (responseCode: number | undefined, message: string): Error | null =>
  responseCode === undefined ? null : Object.assign(new Error(message), { responseCode });
