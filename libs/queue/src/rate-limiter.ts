import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { connectForCalls } from './redis-connection';

export interface RateLimiterOptions {
  readonly redisUrl: string;
  /** Of the keys in Redis; the same for every process that shares the limits. */
  readonly prefix: string;
  /** Redis did not count; it is asked again after {@link RateLimiterOptions.retryMs}. */
  readonly onError?: (error: unknown) => void;
  /** How long the process counts by itself after Redis has failed it. @defaultValue 1000 */
  readonly retryMs?: number;
}

/** What became of a request that was counted. */
export interface RateLimitVerdict {
  readonly isAllowed: boolean;
  /** Requests that would still be allowed now. */
  readonly remaining: number;
  /** Until the window ends and the count starts anew. */
  readonly resetMs: number;
}

/** Counts requests in windows of a minute, each of which begins with a subject's first request. */
export interface RateLimiter {
  /**
   * Counts one request of a subject, also one that is not allowed. Never fails.
   *
   * @param subject - an id: nothing secret, as Redis holds it
   */
  take(subject: string, maxPerMinute: number): Promise<RateLimitVerdict>;
  close(): void;
}

export const rateLimitWindowSeconds = 60;
/** A request waits for its count: rather than for longer, the process counts by itself. */
const answerTimeoutMs = 250;

/**
 * Counts over all processes, in Redis. While that is away each process counts by itself, so that the limit still holds for each of
 * them, and no request waits.
 */
export function createRateLimiter({
  redisUrl,
  prefix,
  onError = () => undefined,
  retryMs = 1000,
}: RateLimiterOptions): RateLimiter {
  const redis = connectForCalls(redisUrl, false, answerTimeoutMs);
  redis.on('error', onError);
  const options = {
    keyPrefix: `${prefix}:rate-limit`,
    // One counter serves limits of all sizes: what is too much is decided here.
    points: Number.MAX_SAFE_INTEGER,
    duration: rateLimitWindowSeconds,
  };
  const shared = new RateLimiterRedis({ ...options, storeClient: redis, rejectIfRedisNotReady: true });
  const own = new RateLimiterMemory(options);
  let countsAloneUntil = 0;

  const count = async (subject: string): Promise<RateLimiterRes> => {
    if (Date.now() < countsAloneUntil) return own.consume(subject);
    try {
      return await shared.consume(subject);
    } catch (error) {
      // Of many that failed together the first speaks for all.
      if (Date.now() >= countsAloneUntil) countAlone(error);
      return own.consume(subject);
    }
  };

  const countAlone = (error: unknown): void => {
    countsAloneUntil = Date.now() + retryMs;
    onError(error);
    // A connection that swallows commands would do so for many minutes before the system gives it up.
    if (redis.status === 'ready') redis.disconnect(true);
  };

  return {
    async take(subject, maxPerMinute) {
      const { consumedPoints, msBeforeNext } = await count(subject);
      return {
        isAllowed: consumedPoints <= maxPerMinute,
        remaining: Math.max(maxPerMinute - consumedPoints, 0),
        resetMs: Math.max(msBeforeNext, 0),
      };
    },
    close: () => redis.disconnect(),
  };
}
