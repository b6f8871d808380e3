import type { ApiKey } from '@orderly/ledger';
import { rateLimitWindowSeconds, type RateLimiter } from '@orderly/queue';
import type { FastifyReply } from 'fastify';
import { RequestRefused } from '../http/request-refused';

/**
 * Counts a request of a key with a limit. Every response, also an error, shows in its headers how many requests are left.
 *
 * @throws RequestRefused `rate-limited` beyond the limit
 */
export async function limitRate(
  rateLimiter: RateLimiter,
  { id, requestsPerMinute }: Pick<ApiKey, 'id' | 'requestsPerMinute'>,
  reply: FastifyReply,
): Promise<void> {
  if (requestsPerMinute === null) return;
  const { isAllowed, remaining, resetMs } = await rateLimiter.take(id, requestsPerMinute);
  const resetSeconds = String(Math.max(Math.ceil(resetMs / 1000), 1));
  void reply.headers({
    'ratelimit-limit': String(requestsPerMinute),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': resetSeconds,
    'ratelimit-policy': `${requestsPerMinute};w=${rateLimitWindowSeconds}`,
  });
  if (isAllowed) return;
  throw new RequestRefused('rate-limited', {
    detail: `The key may make ${requestsPerMinute} requests per ${rateLimitWindowSeconds} seconds`,
    headers: { 'retry-after': resetSeconds },
  });
}
