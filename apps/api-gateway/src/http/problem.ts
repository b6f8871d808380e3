import { problemTypeUrl, type Problem } from '@orderly/contracts';
import { mayPass } from '@orderly/database';
import { errorCodes, RetryableError } from '@orderly/errors';
import { databaseUnavailable, Overloaded, RequestRefused } from './request-refused';
import type { ApiErrorCode } from './status-of-code';

/** RFC 9457. */
export const problemContentType = 'application/problem+json; charset=utf-8';

/** The largest body, in bytes. A batch of a thousand events of usual size takes a quarter of it. */
export const maxBodyBytes = 1_500_000;

/** Makes the body of an error response. A 5xx body has no detail: it could reveal internals. */
export function problemOf(refusal: RequestRefused, traceId?: string): Problem {
  const { code, status, detail, faults, details } = refusal;
  const isOurs = status >= 500;
  return {
    type: problemTypeUrl(code),
    title: errorCodes[code],
    status,
    code,
    ...(detail !== undefined && !isOurs && { detail }),
    ...(traceId !== undefined && { traceId }),
    ...((isOurs || code === 'rate-limited') && { retryable: true }),
    ...(faults.length > 0 && { errors: [...faults] }),
    ...details,
  };
}

/** Maps any error to the refusal that the caller sees. */
export function refusalOf(error: unknown): RequestRefused {
  if (error instanceof RequestRefused) return error;
  if (mayPass(error)) return databaseUnavailable();
  if (error instanceof RetryableError && error.code === 'overloaded') return new Overloaded(String(error.details.reason));
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const known = codesOfFastify[String(code)];
  if (known === 'payload-too-large') return new RequestRefused(known, { detail: `A body has at most ${maxBodyBytes} bytes` });
  if (known === 'not-found') return unknownPath();
  if (known !== undefined) return new RequestRefused(known);
  // Any other 4xx of the framework means a malformed request.
  const isRefusedByFramework = typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500;
  return new RequestRefused(isRefusedByFramework ? 'validation-failed' : 'internal-error');
}

/** The refusal of an unknown path. */
export const unknownPath = (): RequestRefused =>
  new RequestRefused('not-found', { detail: 'This path does not exist. /docs shows all calls' });

/** Fastify's own refusals, as codes of our registry. */
const codesOfFastify: Readonly<Record<string, ApiErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'payload-too-large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported-media-type',
  FST_ERR_BAD_URL: 'not-found',
  FST_ERR_MAX_PARAM_LENGTH: 'not-found',
};
