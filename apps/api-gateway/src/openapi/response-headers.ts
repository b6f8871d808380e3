import { z } from 'zod';

const RetryAfter = z
  .int()
  .positive()
  .meta({ description: 'Seconds until it is worth another try', header: { id: 'RetryAfter' } });
const Challenge = z
  .string()
  .meta({ description: 'What the call needs, by RFC 6750', examples: ['Bearer'], header: { id: 'Challenge' } });
const seconds = z.int().nonnegative().optional();

type HeaderShape = Readonly<Record<string, z.ZodType>>;

/** Headers that an error's status brings with it. */
export const headersOfStatus: Readonly<Record<number, HeaderShape>> = {
  401: { 'WWW-Authenticate': Challenge },
  403: { 'WWW-Authenticate': Challenge },
  409: { 'Retry-After': RetryAfter.optional() },
  429: { 'Retry-After': RetryAfter },
  503: { 'Retry-After': RetryAfter },
};

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
