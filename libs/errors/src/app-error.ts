import type { ErrorCode } from './error-codes';

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Facts for the log and the attempt's row. They are stored as they are, so no secrets and no personal data. */
  readonly details?: Readonly<Record<string, unknown>>;
}

/** An error with a stable code. Its class decides what happens next; every other error is retried. */
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

/** May succeed later. Uses an attempt; the job is retried after `retryAfterMs`, or after the backoff if it is unset. */
export class RetryableError extends AppError {
  /** @defaultValue undefined: the backoff of the job's policy */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions & { retryAfterMs?: number } = {}) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/**
 * The ledger stood in the way, which says nothing about the job. No attempt is used, and the job is retried after its backoff for
 * as long as the policy's `maxAgeHours` allows.
 */
export class DeferredError extends AppError {}

/** Will never succeed: the job becomes a dead letter at once. */
export class PermanentError extends AppError {}

/** The payload is not valid for its job. */
export class InvalidPayloadError extends PermanentError {}

/** The resource that the job or request names does not exist. */
export class NotFoundError extends PermanentError {}

/** The state differs from the one that the caller expected. */
export class ConflictError extends PermanentError {}

/** The destination is too busy. All its jobs wait for `retryAfterMs`; no attempt is used. */
export class ThrottledError extends AppError {
  readonly retryAfterMs: number;

  constructor(code: ErrorCode, message: string, options: AppErrorOptions & { retryAfterMs: number }) {
    super(code, message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A person must change a setting first. The destination is held and checked again every minute; no attempt is used. */
export class ConfigurationError extends AppError {}

/** The effect may or may not have taken place, and nobody can be asked. The job ends `unknown`: a retry could repeat the effect. */
export class UnknownOutcomeError extends AppError {}

/** Aborted because the process stops. The job is handed back and uses no attempt. */
export class ShutdownError extends AppError {
  constructor(message = 'The process is stopping') {
    super('shutting-down', message);
  }
}

export const isAppError = (error: unknown): error is AppError => error instanceof AppError;
