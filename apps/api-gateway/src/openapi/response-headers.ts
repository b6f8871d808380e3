import { z } from 'zod';
import type { ApiErrorCode } from '../http/status-of-code';

const RetryAfter = z
  .int()
  .positive()
  .meta({ description: 'Seconds to wait before a retry', header: { id: 'RetryAfter' } });
const Challenge = z.string().meta({
  description: 'The credentials that the call needs: a key (RFC 6750) or a signature',
  examples: ['Bearer', 'Signature'],
  header: { id: 'Challenge' },
});
const seconds = z.int().nonnegative().optional();

/** The schemas of headers, by name. */
export type HeaderShape = Readonly<Record<string, z.ZodType>>;

/** The headers of error responses with this status. */
export function headersOfStatus(status: number, codes: readonly ApiErrorCode[]): HeaderShape {
  // RFC 9110 requires a challenge in every 401, for signed requests too.
  if (status === 401 || codes.includes('forbidden')) return { 'WWW-Authenticate': Challenge };
  if (codes.includes('idempotency-in-progress')) return { 'Retry-After': RetryAfter.optional() };
  return status === 429 || status === 503 ? { 'Retry-After': RetryAfter } : {};
}

/** The headers of every response to a key with a rate limit. */
export const headersOfKey: HeaderShape = {
  'RateLimit-Limit': seconds.meta({
    description: 'Requests that the key may make per window',
    header: { id: 'RateLimitLimit' },
  }),
  'RateLimit-Remaining': seconds.meta({ description: 'Requests left in this window', header: { id: 'RateLimitRemaining' } }),
  'RateLimit-Reset': seconds.meta({ description: 'Seconds until the window ends', header: { id: 'RateLimitReset' } }),
  'RateLimit-Policy': z
    .string()
    .optional()
    .meta({ description: 'The limit and its window in seconds', examples: ['600;w=60'], header: { id: 'RateLimitPolicy' } }),
};
