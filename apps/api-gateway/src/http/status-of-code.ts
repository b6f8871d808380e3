import type { ErrorCode } from '@orderly/errors';

/** The HTTP status of each error code of the API. Kept here and not in the error, because workers throw errors without HTTP. */
const statuses = {
  'validation-failed': 422,
  'invalid-json': 400,
  'unsupported-media-type': 415,
  'payload-too-large': 413,
  'request-timeout': 408,
  'headers-too-large': 431,
  'batch-too-large': 413,
  'batch-rejected': 422,
  'event-id-reused': 409,
  'transition-not-allowed': 409,
  'version-conflict': 412,
  'idempotency-key-invalid': 400,
  'idempotency-key-reused': 422,
  'idempotency-in-progress': 409,
  unauthenticated: 401,
  'signature-invalid': 401,
  forbidden: 403,
  'not-found': 404,
  'destination-unknown': 404,
  'fingerprint-unknown': 404,
  'no-dead-letters': 404,
  'filter-too-wide': 422,
  'job-not-unknown': 409,
  'destination-outcome-unknown': 409,
  'method-not-allowed': 405,
  'rate-limited': 429,
  overloaded: 503,
  'database-unavailable': 503,
  'internal-error': 500,
} as const satisfies Partial<Record<ErrorCode, number>>;

/** An error code that a response of the API may carry. */
export type ApiErrorCode = keyof typeof statuses;

/** The usual status of a code. Malformed HTTP is an exception: see `RefusalOptions.status`. */
export const statusOfCode = (code: ApiErrorCode): number => statuses[code];
