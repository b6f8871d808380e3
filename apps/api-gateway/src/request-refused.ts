import { PermanentError } from '@orderly/errors';
import type { ApiErrorCode } from './status-of-code';

/** Where in the request's body a fault is. */
export interface Fault {
  /** A JSON pointer in the form of a URL's fragment, such as `#/data/status`. */
  readonly pointer: string;
  readonly detail: string;
}

export interface RefusalOptions {
  readonly detail?: string;
  readonly faults?: readonly Fault[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that gets another answer than the one that it asked for. */
export class RequestRefused extends PermanentError {
  declare readonly code: ApiErrorCode;
  readonly detail: string | undefined;
  readonly faults: readonly Fault[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: ApiErrorCode, { detail, faults = [], headers = {} }: RefusalOptions = {}) {
    super(code, detail ?? code);
    this.detail = detail;
    this.faults = faults;
    this.headers = headers;
  }
}

/** Why a request cannot be served while PostgreSQL is away. */
export const databaseUnavailable = (): RequestRefused =>
  new RequestRefused('database-unavailable', { headers: { 'retry-after': String(retryAfterSeconds) } });

/** Long enough for a failover to get somewhere, short enough that producers need no queue of their own. */
const retryAfterSeconds = 5;
