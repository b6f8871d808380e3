import type { Readable } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { PermanentError } from '@orderly/errors';
import { classifyMailError } from './classify-mail-error';
import { redactAddresses } from './redact-addresses';

export type EmailMessage = {
  /** Addresses without names. All of them see each other. */
  readonly to: string | readonly string[];
  readonly subject: string;
  readonly text: string;
  readonly html?: string;
  /** Includes the angle brackets; sent unchanged. */
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Aborts the send. The error depends on whether the message had left. */
  readonly signal: AbortSignal;
};

export type EmailReply = {
  /** The server's answer to the message, without addresses. */
  readonly response: string;
  readonly accepted: boolean;
};

export interface EmailChannel {
  /**
   * Sends a message to the mail server once. After the first byte of a message has left, this method never sends it again.
   *
   * @throws PermanentError `recipient-refused` or `mail-rejected`: definitely refused
   * @throws RetryableError `mail-server-unavailable`: the server accepted nothing, or asked to retry later
   * @throws UnknownOutcomeError `message-outcome-unknown`: the message had left and the server did not answer
   * @throws the signal's reason, if it is an AppError and nothing had left
   */
  readonly send: (message: EmailMessage) => Promise<EmailReply>;
  /**
   * Connects, and logs in if the URL has credentials, without sending a message.
   *
   * @throws RetryableError `mail-server-unavailable`
   */
  readonly verify: () => Promise<void>;
  /** Closes idle connections at once, and the others when their message has ended. Resolves after that. */
  readonly close: () => Promise<void>;
}

export type EmailChannelOptions = {
  /**
   * `smtp://` or `smtps://` (TLS from the start), with user and password if the server wants them. `smtp://` is upgraded by
   * STARTTLS if the server offers it. With a user, and a host other than loopback, a server that does not offer it gets nothing.
   * TLS settings as a query: `?requireTLS=true` or `false`, `?tls.rejectUnauthorized=false`.
   */
  readonly smtpUrl: string;
  /** The sender, `Name <address>` or an address. */
  readonly from: string;
  /** Maximum number of connections; further messages wait. */
  readonly poolSize: number;
  /**
   * Timeout for the connection, including greeting and TLS.
   *
   * @defaultValue 10,000 ms
   */
  readonly connectTimeoutMs?: number;
  /**
   * Timeout for each answer of the server. If it is too short, slow servers (content filters answer after the message) leave messages
   * with an unknown outcome. It must be shorter than the job's timeout.
   *
   * @defaultValue 40,000 ms
   */
  readonly answerTimeoutMs?: number;
};

/** @throws PermanentError `configuration-invalid` if the URL is not the URL of a mail server */
export function createEmailChannel(options: EmailChannelOptions): EmailChannel {
  const transporter = createTransport({ pool: true, ...poolOptions(options) });
  const inFlight = new Set<Promise<unknown>>();

  transporter.use('stream', (mail, callback) => {
    // The last stage before the connection. The connection reads it only after the server has accepted DATA.
    mail.message.processFunc((body) => ((mail.data as TrackedMail).handover.body = body));
    callback();
  });

  const deliver = async (message: EmailMessage): Promise<EmailReply> => {
    const handover: Handover = {};
    try {
      const info = await transporter.sendMail(toMail(message, options.from, handover));
      return { response: redactAddresses(info.response, recipientOf(message)), accepted: info.accepted.length > 0 };
    } catch (error) {
      // nodemailer reports a broken connection in the same way before and after writing the message.
      const hasLeft = handover.body?.readableDidRead ?? false;
      throw classifyMailError(error, { hasLeft, recipient: recipientOf(message), signal: message.signal });
    }
  };

  return {
    send: (message) => {
      const sending = deliver(message).finally(() => inFlight.delete(sending));
      inFlight.add(sending);
      return sending;
    },
    verify: async () => {
      try {
        await transporter.verify();
      } catch (error) {
        throw classifyMailError(error, { hasLeft: false });
      }
    },
    close: async () => {
      transporter.close();
      await Promise.allSettled(inFlight);
    },
  };
}

/** Set when a connection reads the message. */
type Handover = { body?: Readable };
type TrackedMail = SendMailOptions & { handover: Handover };

function poolOptions({ smtpUrl, poolSize, connectTimeoutMs = 10_000, answerTimeoutMs = 40_000 }: EmailChannelOptions) {
  if (!/^smtps?:\/\/[^/?#]/.test(smtpUrl) || !URL.canParse(smtpUrl)) {
    // The URL is not quoted, because it may contain a password.
    throw new PermanentError(
      'configuration-invalid',
      'The URL of the mail server must have the form smtp://host:port or smtps://host:port',
    );
  }
  return {
    // Overridden by `?requireTLS=` in the URL.
    requireTLS: sendsPassword(new URL(smtpUrl)),
    url: smtpUrl,
    maxConnections: poolSize,
    // By default nodemailer silently resends a message if its connection closes. Only the ledger may retry.
    maxRequeues: 0,
    // Busy servers close idle connections after a minute or less. Closing them earlier avoids the race.
    idleTimeout: 30_000,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: answerTimeoutMs,
    socketCloseTimeout: 1_000,
    // Messages come from templates and orders, so none may attach a file or a URL.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  };
}

/** Whether a password would cross a network. Somebody on the way can hide that the server offers STARTTLS. */
const sendsPassword = ({ username, hostname }: URL): boolean =>
  username !== '' && !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

function toMail(
  { to, subject, text, html, messageId, headers, signal }: EmailMessage,
  from: string,
  handover: Handover,
): TrackedMail {
  const addresses = [to].flat();
  if (!addresses.every((address) => plainAddress.test(address)))
    throw new PermanentError('recipient-refused', 'The recipient must be a single mail address without a name');
  return {
    from,
    // An object is always one address; a string would be parsed as a list.
    to: addresses.map((address) => ({ name: '', address })),
    subject: oneLine(subject),
    text,
    html,
    messageId: oneLine(messageId),
    headers: {
      // Prevents out-of-office replies (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [oneLine(name), oneLine(value)])),
    },
    xMailer: false,
    signal,
    handover,
  };
}

/** The recipient whose name a server may repeat without the rest of the address. Several recipients are operators, not customers. */
const recipientOf = ({ to }: EmailMessage): string | undefined => (typeof to === 'string' ? to : undefined);

/** No spaces, control characters, or characters with a special meaning in headers and SMTP commands. */
const plainAddress = /^[^\s\p{Cc}\p{Cf}<>()[\],;:\\"@]+@[^\s\p{Cc}\p{Cf}<>()[\],;:\\"@]+$/u;

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
