import type { Problem } from '@orderly/contracts';
import { PermanentError } from '@orderly/errors';
import { randomInt } from 'node:crypto';
import { statusOfCode, type ApiErrorCode } from './status-of-code';

/** A fault in the body, or in a parameter of the URL. */
export type Fault = BodyFault | ParameterFault;

interface BodyFault {
  /** A JSON pointer as a URL fragment, such as `#/data/status`. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ParameterFault {
  /** The name of the parameter. */
  readonly parameter: string;
  /** A predicate: the name of the parameter and this text make a sentence. */
  readonly detail: string;
}

/** Extra members of the problem, with facts that let the caller decide what to do next. */
export type RefusalDetails = Pick<Problem, 'current' | 'allowed' | 'currentVersion' | 'state' | 'outcome' | 'jobId'>;

export interface RefusalOptions {
  readonly detail?: string;
  readonly faults?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly details?: RefusalDetails;
  /**
   * Replaces the status of the code: malformed HTTP gets 400.
   * @defaultValue the status of the code
   */
  readonly status?: number;
}

/** Thrown, or returned as an answer, to refuse a request. It becomes a problem document. */
export class RequestRefused extends PermanentError {
  declare readonly code: ApiErrorCode;
  readonly detail: string | undefined;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;
  declare readonly details: RefusalDetails;
  readonly status: number;

  constructor(
    code: ApiErrorCode,
    { detail, faults = [], headers = {}, details, status = statusOfCode(code) }: RefusalOptions = {},
  ) {
    super(code, detail ?? code, { details });
    this.detail = detail;
    this.faults = faults;
    this.headers = headers;
    this.status = status;
  }
}

/** The refusal of requests while PostgreSQL is away. */
export const databaseUnavailable = (): RequestRefused =>
  new RequestRefused('database-unavailable', { headers: { 'retry-after': String(retryAfterSeconds) } });

/** Long enough for a failover to make progress, short enough that producers need no queue of their own. */
const retryAfterSeconds = 5;

/** Refuses a request under overload. None of its work was done, so a retry is safe. */
export class Overloaded extends RequestRefused {
  /** @param reason - the threshold that was crossed */
  constructor(readonly reason: string) {
    super('overloaded', { headers: { 'retry-after': String(randomInt(retryAfter.minSeconds, retryAfter.maxSeconds + 1)) } });
  }
}

/** The delay is random between these, so that callers refused together do not retry together. */
const retryAfter = { minSeconds: 1, maxSeconds: 5 };
