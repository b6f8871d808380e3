import type { Problem } from '@orderly/contracts';
import { PermanentError } from '@orderly/errors';
import { randomInt } from 'node:crypto';
import { statusOfCode, type ApiErrorCode } from './status-of-code';

/** Where in the request a fault is: in its body, or in a parameter of its URL. */
export type Fault = BodyFault | ParameterFault;

interface BodyFault {
  /** A JSON pointer in the form of a URL's fragment, such as `#/data/status`. */
  readonly pointer: string;
  readonly detail: string;
}

export interface ParameterFault {
  /** Its name. */
  readonly parameter: string;
  /** Follows the name in a sentence. */
  readonly detail: string;
}

/** What a caller may go on from, as members of the problem. */
export type RefusalDetails = Pick<Problem, 'current' | 'allowed' | 'currentVersion'>;

export interface RefusalOptions {
  readonly detail?: string;
  readonly faults?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly details?: RefusalDetails;
  /** Where it is another than the code's: 400 for what is no proper HTTP. */
  readonly status?: number;
}

/** A request that gets another answer than the one that it asked for. */
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

/** Why a request cannot be served while PostgreSQL is away. */
export const databaseUnavailable = (): RequestRefused =>
  new RequestRefused('database-unavailable', { headers: { 'retry-after': String(retryAfterSeconds) } });

/** Long enough for a failover to get somewhere, short enough that producers need no queue of their own. */
const retryAfterSeconds = 5;

/** A request that comes while there is more to do than can be done in time. Nothing of it was done. */
export class Overloaded extends RequestRefused {
  /** @param reason - the threshold that was crossed */
  constructor(readonly reason: string) {
    super('overloaded', { headers: { 'retry-after': String(randomInt(retryAfter.minSeconds, retryAfter.maxSeconds + 1)) } });
  }
}

/** A random one of these, so that callers that were refused together do not return together. */
const retryAfter = { minSeconds: 1, maxSeconds: 5 };
