import { eventually, testRedisUrl } from '@orderly/testing';
import { createRateLimiter, type RateLimiter, type RateLimitVerdict } from '../src';
import { createTestPrefix, startTcpProxy, stopTcpProxies, type TestPrefix } from '../src/testing';

let space: TestPrefix;
const limiters: RateLimiter[] = [];
beforeEach(() => (space = createTestPrefix(testRedisUrl())));
afterEach(async () => {
  for (const limiter of limiters.splice(0)) limiter.close();
  await stopTcpProxies();
  await space.release();
});

function makeLimiter(redisUrl = testRedisUrl()): RateLimiter {
  const limiter = createRateLimiter({ redisUrl, prefix: space.prefix, retryMs: 100 });
  limiters.push(limiter);
  return limiter;
}

const takeMany = (limiter: RateLimiter, count: number, max: number): Promise<RateLimitVerdict[]> =>
  Promise.all(Array.from({ length: count }, () => limiter.take('key-1', max)));

const allowed = (verdicts: readonly RateLimitVerdict[]): number => verdicts.filter(({ isAllowed }) => isAllowed).length;

/** Waits until Redis counts. Before that, the limiter counts by itself and writes nothing to Redis. */
async function counting(limiter: RateLimiter): Promise<void> {
  await space.redis.ping();
  await eventually(async () => {
    const probe = `probe-${Date.now()}`;
    await limiter.take(probe, 1);
    expect(await space.keys()).toContain(`rate-limit:${probe}`);
  });
}

describe('the rate limiter', () => {
  it('allows exactly the limit over all processes, and reports the rest and the time of the reset', async () => {
    const [one, other] = [makeLimiter(), makeLimiter()];
    await counting(one);
    await counting(other);
    const [first] = await takeMany(one, 1, 20);
    expect(first).toEqual({ isAllowed: true, remaining: 19, resetMs: expect.any(Number) });
    expect(first!.resetMs).toBeGreaterThan(59_000);
    expect(first!.resetMs).toBeLessThanOrEqual(60_000);
    const verdicts = (await Promise.all([takeMany(one, 15, 20), takeMany(other, 15, 20)])).flat();
    expect(allowed(verdicts)).toBe(19);
    expect(await other.take('key-1', 20)).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(await other.take('key-2', 20)).toMatchObject({ isAllowed: true, remaining: 19 });
  });

  it('applies a changed limit at the next request', async () => {
    const limiter = makeLimiter();
    await counting(limiter);
    await takeMany(limiter, 3, 3);
    expect(await limiter.take('key-1', 3)).toMatchObject({ isAllowed: false });
    expect(await limiter.take('key-1', 10)).toMatchObject({ isAllowed: true, remaining: 5 });
  });

  it('stores only a number under the id in Redis, for a minute', async () => {
    const limiter = makeLimiter();
    await counting(limiter);
    await limiter.take('key-1', 5);
    expect(await space.redis.get(`${space.prefix}:rate-limit:key-1`)).toBe('1');
    expect(await space.redis.ttl(`${space.prefix}:rate-limit:key-1`)).toBeGreaterThan(55);
  });

  it.each(['cut', 'freeze'] as const)('limits by itself without delay while Redis is away (%s)', async (away) => {
    const proxy = await startTcpProxy(testRedisUrl());
    const limiter = makeLimiter(proxy.url);
    await counting(limiter);
    await takeMany(limiter, 2, 5);
    await (away === 'cut' ? proxy.cut() : proxy.freeze());

    // A silent Redis would never answer.
    const verdicts = await takeMany(limiter, 10, 5);
    expect(allowed(verdicts)).toBe(5);

    await proxy.cut();
    await proxy.restore();
    await counting(limiter);
    expect(await space.redis.get(`${space.prefix}:rate-limit:key-1`)).not.toBeNull();
  });
});
