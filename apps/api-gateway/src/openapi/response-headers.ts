import { z } from 'zod';
import type { ApiErrorCode } from '../http/status-of-code';

const RetryAfter = z
  .int()
  .positive()
  .meta({ description: 'Seconds until it is worth another try', header: { id: 'RetryAfter' } });
const Challenge = z.string().meta({
  description: 'What the call needs: a key by RFC 6750, or a signature',
  examples: ['Bearer', 'Signature'],
  header: { id: 'Challenge' },
});
const seconds = z.int().nonnegative().optional();

/** Headers by their name. */
export type HeaderShape = Readonly<Record<string, z.ZodType>>;

/** Headers that an error brings with it. */
export function headersOfStatus(status: number, codes: readonly ApiErrorCode[]): HeaderShape {
  // RFC 9110 wants a challenge in every 401: what is signed has one too.
  if (status === 401 || codes.includes('forbidden')) return { 'WWW-Authenticate': Challenge };
  if (codes.includes('idempotency-in-progress')) return { 'Retry-After': RetryAfter.optional() };
  return status === 429 || status === 503 ? { 'Retry-After': RetryAfter } : {};
}

/** Headers of every answer to a key that has a rate limit. */
export const headersOfKey: HeaderShape = {
  'RateLimit-Limit': seconds.meta({
    description: 'Requests that the key may make in a window',
    header: { id: 'RateLimitLimit' },
  }),
  'RateLimit-Remaining': seconds.meta({ description: 'How many of them are left', header: { id: 'RateLimitRemaining' } }),
  'RateLimit-Reset': seconds.meta({ description: 'Seconds until the window ends', header: { id: 'RateLimitReset' } }),
  'RateLimit-Policy': z
    .string()
    .optional()
    .meta({ description: 'The limit and its window in seconds', examples: ['600;w=60'], header: { id: 'RateLimitPolicy' } }),
};
