import type { Readable } from 'node:stream';
import { createTransport, type SendMailOptions } from 'nodemailer';
import { PermanentError } from '@orderly/errors';
import { classifyMailError } from './classify-mail-error';
import { redactAddresses } from './redact-addresses';

export type EmailMessage = {
  /** One plain address, without a name. */
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** With its angle brackets; sent exactly so. */
  readonly messageId: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Ends the send. What it throws then depends on how far the message had got. */
  readonly signal: AbortSignal;
};

export type EmailReply = {
  /** The server's answer to the message, without addresses. */
  readonly response: string;
  readonly accepted: boolean;
};

export interface EmailChannel {
  /**
   * Hands a message to the mail server, once: a message of which a byte has left is never sent again from here.
   *
   * @throws PermanentError `recipient-refused` or `mail-rejected`: a definite no
   * @throws RetryableError `mail-server-unavailable`: the server took nothing, or answered that it might later
   * @throws UnknownOutcomeError `message-outcome-unknown`: the message had left, and no answer came
   * @throws the signal's reason, where that is an AppError and nothing had left
   */
  readonly send: (message: EmailMessage) => Promise<EmailReply>;
  /**
   * Connects, and signs in where the URL says so, without sending anything.
   *
   * @throws RetryableError `mail-server-unavailable`
   */
  readonly verify: () => Promise<void>;
  /** Closes idle connections at once and the others as soon as their message has ended; resolves after that. */
  readonly close: () => Promise<void>;
}

export type EmailChannelOptions = {
  /**
   * `smtp://` (upgraded by STARTTLS where the server offers it) or `smtps://` (TLS from the start), with user and password where
   * the server wants them; TLS settings as a query: `?requireTLS=true`, `?tls.rejectUnauthorized=false`.
   */
  readonly smtpUrl: string;
  /** The sender, `Name <address>` or an address. */
  readonly from: string;
  /** Connections at most; messages beyond wait for one. */
  readonly poolSize: number;
  /**
   * For the connection to stand, greeting and TLS included.
   *
   * @defaultValue 10,000 ms
   */
  readonly connectTimeoutMs?: number;
  /**
   * For each answer of the server. Too short, and slow servers (content filters answer after the message) leave messages with an
   * unknown outcome; keep it below the job's timeout.
   *
   * @defaultValue 40,000 ms
   */
  readonly answerTimeoutMs?: number;
};

/** @throws PermanentError `configuration-invalid` when the URL is none of a mail server */
export function createEmailChannel(options: EmailChannelOptions): EmailChannel {
  const transporter = createTransport({ pool: true, ...poolOptions(options) });
  const inFlight = new Set<Promise<unknown>>();

  transporter.use('stream', (mail, callback) => {
    // The last stage before the connection, which reads it only after the server has said yes to DATA.
    mail.message.processFunc((body) => ((mail.data as TrackedMail).handover.body = body));
    callback();
  });

  const deliver = async (message: EmailMessage): Promise<EmailReply> => {
    const handover: Handover = {};
    try {
      const info = await transporter.sendMail(toMail(message, options.from, handover));
      return { response: redactAddresses(info.response, message.to), accepted: info.accepted.length > 0 };
    } catch (error) {
      // nodemailer reports a broken connection in the same way before and after the message was written.
      const hasLeft = handover.body?.readableDidRead ?? false;
      throw classifyMailError(error, { hasLeft, recipient: message.to, signal: message.signal });
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

/** Filled when a connection asks for the message. */
type Handover = { body?: Readable };
type TrackedMail = SendMailOptions & { handover: Handover };

function poolOptions({ smtpUrl, poolSize, connectTimeoutMs = 10_000, answerTimeoutMs = 40_000 }: EmailChannelOptions) {
  if (!/^smtps?:\/\/[^/?#]/.test(smtpUrl) || !URL.canParse(smtpUrl)) {
    // The URL itself is not shown: it may hold a password.
    throw new PermanentError(
      'configuration-invalid',
      'The URL of the mail server must look like smtp://host:port or smtps://host:port',
    );
  }
  return {
    url: smtpUrl,
    maxConnections: poolSize,
    // By default nodemailer sends a message again when its connection closes, without a word. Retries are the ledger's.
    maxRequeues: 0,
    // Servers under load hang up on idle clients after a minute or less: be first.
    idleTimeout: 30_000,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
    dnsTimeout: connectTimeoutMs,
    socketTimeout: answerTimeoutMs,
    socketCloseTimeout: 1_000,
    // Messages come from templates and orders: none has a reason to name a file or a URL to attach.
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: false,
  };
}

function toMail(
  { to, subject, text, html, messageId, headers, signal }: EmailMessage,
  from: string,
  handover: Handover,
): TrackedMail {
  if (!plainAddress.test(to)) throw new PermanentError('recipient-refused', 'The recipient is not one plain mail address');
  return {
    from,
    // As an object it is one address, whatever it holds; a string would be parsed as a list.
    to: { name: '', address: to },
    subject: oneLine(subject),
    text,
    html,
    messageId: oneLine(messageId),
    headers: {
      // Keeps out-of-office answers from coming back (RFC 3834).
      'Auto-Submitted': 'auto-generated',
      ...Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [oneLine(name), oneLine(value)])),
    },
    xMailer: false,
    signal,
    handover,
  };
}

/** No blanks, controls or characters with a meaning of their own in headers and SMTP commands. */
const plainAddress = /^[^\s\p{Cc}\p{Cf}<>()[\],;:\\"@]+@[^\s\p{Cc}\p{Cf}<>()[\],;:\\"@]+$/u;

const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trim();
