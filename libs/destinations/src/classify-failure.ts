import { type AppError, ConfigurationError, PermanentError, RetryableError, ThrottledError } from '@orderly/errors';
import { AddressRefusedError, ConnectError } from './address-guard';
import { ExchangeError, type HttpAnswer } from './http-exchange';
import { readRetryAfter } from './retry-after';

/** How long a destination is held if it asks us to slow down without saying for how long, in ms. */
const unsaidRetryAfterMs = 5_000;

export type FailureContext = {
  /** The destination's name. */
  readonly name: string;
  /** Whether the request changes anything at the destination. A lookup does not, so its failure leaves nothing in doubt. */
  readonly hasEffect: boolean;
};

/** Classifies an answer other than 2xx. The caller adds `details.partnerVersion` to a conflict. */
export function classifyAnswer(
  answer: Pick<HttpAnswer, 'status' | 'headers'>,
  { name, hasEffect, responseExcerpt, nowMs }: FailureContext & { responseExcerpt: string; nowMs: number },
): AppError {
  const { status } = answer;
  const message = `${name} answered ${status}`;
  const details = { responseStatus: status, responseExcerpt };
  const retryAfterMs = readRetryAfter(answer.headers['retry-after'], nowMs);

  if (status === 401 || status === 403) return new ConfigurationError('destination-unauthorized', message, { details });
  if (status === 410) return new ConfigurationError('destination-gone', message, { details });
  if (status === 409) return new RetryableError('destination-conflict', message, { details, retryAfterMs });
  if (status === 408 || status === 425) return new RetryableError('destination-unavailable', message, { details, retryAfterMs });
  if (status === 429 || (status === 503 && retryAfterMs !== undefined)) {
    return new ThrottledError('destination-throttled', message, { details, retryAfterMs: retryAfterMs ?? unsaidRetryAfterMs });
  }
  if (status >= 500) {
    const doubt = hasEffect ? { ambiguous: true } : {};
    return new RetryableError('destination-failed', message, { details: { ...details, ...doubt }, retryAfterMs });
  }
  const hint = status < 400 ? ': redirects are not followed' : '';
  return new PermanentError('destination-refused', `${message}${hint}`, { details });
}

/** Classifies a request that got no answer. */
export function classifySilence(error: unknown, { name, hasEffect }: FailureContext): AppError {
  const cause = error instanceof ExchangeError ? error.cause : error;
  const origin = cause instanceof ConnectError ? cause.cause : cause;
  if (origin instanceof AddressRefusedError) {
    return new PermanentError('address-refused', `${name}: ${origin.message}`, { cause: origin });
  }
  const options = { cause: origin };
  if (!(error instanceof ExchangeError && error.wasSent)) {
    return new RetryableError('destination-unavailable', `${name} could not be reached (${describe(origin)})`, options);
  }
  return new RetryableError('destination-timeout', `${name} did not answer (${describe(origin)})`, {
    ...options,
    details: hasEffect ? { ambiguous: true } : {},
  });
}

function describe(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  if (name === 'TimeoutError') return 'out of time';
  const word = typeof code === 'string' ? code : name;
  return typeof word === 'string' ? word : 'unknown fault';
}
