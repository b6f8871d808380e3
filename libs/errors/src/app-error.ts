import type { ErrorCode } from './error-codes';

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Facts for the log and the attempt's row. Never secrets, never personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error with a stable code. Its class says what happens next; anything that is no AppError is retried. */
export abstract class AppError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
  }
}

/** May succeed later: uses an attempt, tried again after the backoff or after `retryAfterMs`. */
export class RetryableError extends AppError {
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions & { retryAfterMs?: number } = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Will never succeed: a dead letter at once. */
export class PermanentError extends AppError {}

/** The payload does not parse. */
export class InvalidPayloadError extends PermanentError {}

/** What the job or the request names does not exist. */
export class NotFoundError extends PermanentError {}

/** The state is another than the one that the caller counted on. */
export class ConflictError extends PermanentError {}

/** The other side is too busy: the whole destination waits for `retryAfterMs`. Uses no attempt. */
export class ThrottledError extends AppError {
  readonly retryAfterMs: number;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions & { retryAfterMs: number }) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Someone must change a setting first: the destination is held and checked again from time to time. Uses no attempt. */
export class ConfigurationError extends AppError {}

/** The effect may have taken place or not, and there is no way to ask: the job ends `unknown`, for a person to settle. */
export class UnknownOutcomeError extends AppError {}

/** Aborted because the process stops: handed back, no attempt used. */
export class ShutdownError extends AppError {
  constructor(message = 'The process is stopping') {
    super('shutting-down', message);
  }
}

export const isAppError = (error: unknown): error is AppError => error instanceof AppError;
