import { isAppError, PermanentError, RetryableError, UnknownOutcomeError, type AppError } from '@orderly/errors';
import { redactAddresses } from './redact-addresses';

export type MailFailure = {
  /** Whether the connection had begun to write the message when it failed. */
  readonly hasLeft: boolean;
  readonly recipient?: string;
  readonly signal?: AbortSignal;
};

/**
 * Says what a failed send means. An answer of the server is definite at any time, as a server that answers 4xx or 5xx has not
 * taken the message (RFC 5321, 4.2.1). Without an answer it counts whether the message had left.
 *
 * nodemailer's own error is not passed on as the cause: its message and fields name the recipient.
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
    return new UnknownOutcomeError('message-outcome-unknown', 'The message had been handed over, but no answer came', {
      details,
    });
  }
  if (fault.code === 'EABORT') {
    if (isAppError(signal?.reason)) return signal.reason;
    return new RetryableError('mail-server-unavailable', 'The send was ended before the message left', { details });
  }
  const stage = reply === undefined ? undefined : stageOf(fault.command, hasLeft);
  if (stage === 'recipient' && isPermanent(reply)) {
    return new PermanentError('recipient-refused', `The mail server refuses the recipient (${reply})`, { details });
  }
  if ((stage === 'message' && isPermanent(reply)) || (reply === undefined && isOwnRefusal(fault))) {
    return new PermanentError('mail-rejected', `The mail server refuses the message (${reply ?? details.reason})`, { details });
  }
  return new RetryableError('mail-server-unavailable', `The mail server did not take the message (${reply ?? details.reason})`, {
    details,
  });
}

/** What nodemailer puts on its errors. */
type MailFault = {
  code?: string;
  /** The system's own code, such as ECONNREFUSED, behind nodemailer's. */
  originalCode?: string;
  /** The SMTP command; `CONN` for whatever happens to the connection, at any stage; `API` before there is one. */
  command?: string;
  response?: string;
  responseCode?: number;
  timeoutType?: string;
};

const responseLimit = 500;

const isRefusal = (reply: number | undefined): reply is number => reply !== undefined && reply >= 400 && reply <= 599;

/** 503, bad sequence of commands, speaks of the session and not of the message: another session may do. */
const isPermanent = (reply: number | undefined): boolean => reply !== undefined && reply >= 500 && reply !== 503;

/** What a refusal was about. A refused greeting or login is none of the message's fault and may be put right. */
function stageOf(command: string | undefined, hasLeft: boolean): 'session' | 'recipient' | 'message' {
  if (command === 'RCPT TO') return 'recipient';
  return command === 'MAIL FROM' || command === 'DATA' || hasLeft ? 'message' : 'session';
}

/** nodemailer's own refusals: an envelope that it cannot send, a message above the size that the server announced. */
const isOwnRefusal = ({ code }: MailFault): boolean => code === 'EENVELOPE' || code === 'EMESSAGE';
