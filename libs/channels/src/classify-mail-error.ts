import { isAppError, PermanentError, RetryableError, UnknownOutcomeError, type AppError } from '@orderly/errors';
import { redactAddresses } from './redact-addresses';

export type MailFailure = {
  /** Whether the connection had started to write the message before it failed. */
  readonly hasLeft: boolean;
  readonly recipient?: string;
  readonly signal?: AbortSignal;
};

/**
 * Classifies a failed send. An answer of the server is always definite: a server that answers 4xx or 5xx has not accepted the
 * message (RFC 5321, 4.2.1). Without an answer, the result depends on whether the message had left.
 *
 * nodemailer's error is not kept as the cause, because its message and fields contain the recipient.
 */
export function classifyMailError(error: unknown, { hasLeft, recipient, signal }: MailFailure): AppError {
  if (isAppError(error)) return error;
  const fault = error instanceof Error ? (error as MailFault) : {};
  const reply = isRefusal(fault.responseCode) ? fault.responseCode : undefined;
  const details = {
    ...(reply !== undefined && { reply, response: redactAddresses(fault.response ?? '', recipient).slice(0, responseLimit) }),
    ...(fault.command !== undefined && { stage: fault.command }),
    reason: fault.timeoutType ?? fault.originalCode ?? fault.code ?? 'unspecified',
  };

  if (reply === undefined && hasLeft) {
    return new UnknownOutcomeError('message-outcome-unknown', 'The message was sent, but the server did not answer', {
      details,
    });
  }
  if (fault.code === 'EABORT') {
    if (isAppError(signal?.reason)) return signal.reason;
    return new RetryableError('mail-server-unavailable', 'The send was aborted before the message left', { details });
  }
  const stage = reply === undefined ? undefined : stageOf(fault.command, hasLeft);
  if (stage === 'recipient' && isPermanent(reply)) {
    return new PermanentError('recipient-refused', `The mail server refused the recipient (${reply})`, { details });
  }
  if ((stage === 'message' && isPermanent(reply)) || (reply === undefined && isOwnRefusal(fault))) {
    return new PermanentError('mail-rejected', `The mail server refused the message (${reply ?? details.reason})`, { details });
  }
  return new RetryableError(
    'mail-server-unavailable',
    `The mail server did not accept the message (${reply ?? details.reason})`,
    {
      details,
    },
  );
}

/** The fields of nodemailer's errors. */
type MailFault = {
  code?: string;
  /** The system's error code, such as ECONNREFUSED; nodemailer has codes of its own. */
  originalCode?: string;
  /** The SMTP command. `CONN` for connection faults at any stage; `API` before the connection. */
  command?: string;
  response?: string;
  responseCode?: number;
  timeoutType?: string;
};

const responseLimit = 500;

const isRefusal = (reply: number | undefined): reply is number => reply !== undefined && reply >= 400 && reply <= 599;

/** 503 (bad sequence of commands) concerns the session, not the message: a new session may succeed. */
const isPermanent = (reply: number | undefined): boolean => reply !== undefined && reply >= 500 && reply !== 503;

/** The subject of a refusal. A refused greeting or login is not caused by the message, and an operator can correct it. */
function stageOf(command: string | undefined, hasLeft: boolean): 'session' | 'recipient' | 'message' {
  if (command === 'RCPT TO') return 'recipient';
  return command === 'MAIL FROM' || command === 'DATA' || hasLeft ? 'message' : 'session';
}

/** nodemailer's own refusals: an invalid envelope, or a message above the size limit that the server announced. */
const isOwnRefusal = ({ code }: MailFault): boolean => code === 'EENVELOPE' || code === 'EMESSAGE';
