import { eventually, testRedisUrl } from '@orderly/testing';
import type { RedisServer } from '@orderly/servers';
import { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import { createEngine, createRedisCheck, type BullEngine } from '../src';
import {
  createTestPrefix,
  startPrivateRedis,
  startTcpProxy,
  stopTcpProxies,
  type TcpProxy,
  type TestPrefix,
} from '../src/testing';

const job = (queue: string, delayMs?: number) => ({ id: uuidv7(), name: 'sync-order', queue, priority: 3, delayMs });

/** After this a call gives up on a silent Redis. It must not wait for a Redis that is known to be away. */
const commandTimeoutMs = 5000;

let space: TestPrefix;
const engines: BullEngine[] = [];
beforeEach(() => (space = createTestPrefix(testRedisUrl())));
afterEach(async () => {
  await Promise.all(engines.splice(0).map((engine) => engine.close()));
  await space.release();
  await stopTcpProxies();
});

function makeEngine(redisUrl = testRedisUrl()): BullEngine {
  const engine = createEngine({ redisUrl, prefix: space.prefix });
  engines.push(engine);
  return engine;
}

async function throughProxy(): Promise<{ engine: BullEngine; proxy: TcpProxy }> {
  const proxy = await startTcpProxy(testRedisUrl());
  const engine = makeEngine(proxy.url);
  await engine.ready();
  return { engine, proxy };
}

/** The time until a call failed. */
async function failsAfterMs(call: Promise<unknown>): Promise<number> {
  const startedAt = Date.now();
  await expect(call).rejects.toThrow();
  return Date.now() - startedAt;
}

describe('the engine', () => {
  it('adds jobs of several queues, and reports the absent jobs of several queues', async () => {
    const engine = makeEngine();
    await engine.ready();
    const jobs = ['order-status', 'order-sync.erp', 'order-sync.wms', 'notifications'].flatMap((queue) => [
      job(queue),
      job(queue, 60_000),
    ]);
    const unknown = [job('order-status'), job('order-sync.wms')];
    await engine.add(jobs);
    expect(await engine.absent([unknown[0]!, ...jobs, unknown[1]!])).toEqual(unknown);
    expect(await engine.absent([])).toEqual([]);
    for (const queue of ['order-status', 'notifications']) {
      expect(await engine.counts(queue)).toEqual({ prioritized: 1, wait: 0, delayed: 1, active: 0 });
    }
  });

  it('stops fetching from a queue while it is held, and no longer', async () => {
    const engine = makeEngine();
    await engine.ready();
    const ttl = (queue: string): Promise<number> => engine.redis.pttl(`${space.prefix}:${queue}:limiter`);
    await engine.hold('order-sync.erp', 60_000);
    await engine.hold('order-sync.wms', 60_000);
    expect(await ttl('order-sync.erp')).toBeGreaterThan(50_000);
    await engine.release('order-sync.erp');
    await engine.release('notifications');
    expect(await ttl('order-sync.erp')).toBeLessThan(0);
    expect(await ttl('order-sync.wms')).toBeGreaterThan(50_000);
  });

  it('does not search another queue for an id', async () => {
    const engine = makeEngine();
    await engine.ready();
    const here = job('order-sync.erp');
    await engine.add([here]);
    const there = { ...here, queue: 'order-sync.wms' };
    expect(await engine.absent([here, there])).toEqual([there]);
  });

  it('fails at once while Redis is away, even for a queue that it never used, and recovers afterwards', async () => {
    const { engine, proxy } = await throughProxy();
    const known = job('order-status');
    await engine.add([known]);
    await proxy.cut();
    await eventually(() => expect(engine.redis.status).not.toBe('ready'));
    const calls = () => [
      engine.add([job('order-status')]),
      engine.add([job('notifications')]),
      engine.absent([known]),
      engine.counts('maintenance'),
      engine.hold('maintenance', 1000),
    ];
    for (const tookMs of await Promise.all(calls().map(failsAfterMs))) expect(tookMs).toBeLessThan(commandTimeoutMs);
    await proxy.restore();
    await eventually(() => expect(engine.redis.status).toBe('ready'));
    await Promise.all(calls());
    expect(await engine.absent([known])).toEqual([]);
  });

  it('gives up on an unresponsive Redis, and recovers when it answers', async () => {
    const { engine, proxy } = await throughProxy();
    const given = job('order-status');
    await engine.add([given]);
    proxy.freeze();
    await failsAfterMs(engine.absent([given]));
    await proxy.restore();
    await eventually(async () => expect(await engine.absent([given])).toEqual([]));
  });

  it('closes while Redis is away', async () => {
    const { engine, proxy } = await throughProxy();
    await engine.add([job('order-status')]);
    await proxy.cut();
    await engine.close();
    await eventually(() => expect(engine.redis.status).toBe('end'));
  });
});

describe('a dedicated Redis', () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await startPrivateRedis();
    admin = new Redis(server.url);
  });
  afterEach(() => admin.config('SET', 'maxmemory-policy', 'noeviction'));
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  it.each(['allkeys-lru', 'volatile-ttl'])('is refused if it may evict keys: %s', async (policy) => {
    await admin.config('SET', 'maxmemory-policy', policy);
    await expect(makeEngine(server.url).ready()).rejects.toMatchObject({ code: 'redis-eviction-policy' });
  });

  it('is accepted with noeviction', async () => {
    await expect(makeEngine(server.url).ready()).resolves.toBeUndefined();
  });

  it('makes a worker unready if it begins to evict keys, its memory is full, or it is away', async () => {
    const proxy = await startTcpProxy(server.url);
    const engine = makeEngine(proxy.url);
    await engine.ready();
    const works = createRedisCheck(engine.redis, space.prefix);
    expect(await works()).toBe(true);
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    expect(await works()).toBe(false);
    await admin.config('SET', 'maxmemory-policy', 'noeviction');
    await admin.config('SET', 'maxmemory', '1');
    expect(await works()).toBe(false);
    await admin.config('SET', 'maxmemory', '0');
    expect(await works()).toBe(true);
    await proxy.cut();
    expect(await works()).toBe(false);
  });
});
