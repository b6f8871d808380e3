import { RateLimiterMemory, RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { connectForCalls } from './redis-connection';

/** Options of {@link createRateLimiter}. */
export interface RateLimiterOptions {
  readonly redisUrl: string;
  /** Prefix of the keys in Redis; the same for every process that shares the limits. */
  readonly prefix: string;
  /** Told about a failure of Redis. Redis is asked again after {@link RateLimiterOptions.retryMs}. */
  readonly onError?: (error: unknown) => void;
  /** How long the process counts alone after a failure of Redis, in ms. @defaultValue 1000 */
  readonly retryMs?: number;
}

/** The result of counting a request. */
export interface RateLimitVerdict {
  readonly isAllowed: boolean;
  /** How many more requests are allowed in this window. */
  readonly remaining: number;
  /** Time until the window ends and the count starts again, in ms. */
  readonly resetMs: number;
}

/** Counts requests in windows of one minute. A window begins with the first request of a subject. */
export interface RateLimiter {
  /**
   * Counts one request of a subject. Refused requests count too. Never rejects.
   *
   * @param subject - an id of the caller. It must not be a secret, because Redis stores it.
   */
  take(subject: string, maxPerMinute: number): Promise<RateLimitVerdict>;
  close(): void;
}

/** Length of a window, for response headers. */
export const rateLimitWindowSeconds = 60;
/** Longest wait for a count in Redis, in ms. The request waits meanwhile, so the process counts alone after this time. */
const answerTimeoutMs = 250;

/**
 * Counts requests over all processes, in Redis. While Redis is away, each process counts alone: the limit then holds per process,
 * and no request waits.
 *
 * The package's `insuranceLimiter` would hide the errors of Redis, and every request would wait for a Redis that does not answer.
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
    // The library never refuses: `take` compares the count with the caller's own limit.
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
      // Many requests may fail together; only the first one is reported.
      if (Date.now() >= countsAloneUntil) countAlone(error);
      return own.consume(subject);
    }
  };

  const countAlone = (error: unknown): void => {
    countsAloneUntil = Date.now() + retryMs;
    onError(error);
    // A silent connection would swallow commands for minutes before the operating system ends it.
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
