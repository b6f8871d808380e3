import { createLogger, metrics } from '@orderly/observability';
import type { Service } from '@orderly/runtime';
import type { RedisKind, RedisServer } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { Redis } from 'ioredis';
import { createEngine, createRedisFaults, readRedisMemory, redisPart, watchRedis, type BullEngine } from '../src';
import { startPrivateRedis, startTcpProxy, stopTcpProxies } from '../src/testing';

// As promise 6 does for jobs: a person learns at once what to correct.

let server: RedisServer;
let admin: Redis;
const others: RedisServer[] = [];
const running: { engine: BullEngine; watch: Service }[] = [];

beforeAll(async () => {
  server = await startPrivateRedis();
  admin = new Redis(server.url);
});
afterEach(async () => {
  for (const { engine, watch } of running.splice(0)) {
    await watch.stop();
    await engine.close();
  }
  await stopTcpProxies();
  await Promise.all(others.splice(0).map((other) => other.stop()));
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await admin.replicaof('NO', 'ONE');
});
afterAll(async () => {
  admin.disconnect();
  await server.stop();
});

/** A gateway on a Redis, with its log about that Redis. */
async function connect(redisUrl: string) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const faults = createRedisFaults(createLogger({ service: 'test', level: 'warn', destination }));
  const engine = createEngine({ redisUrl, prefix: 'test', onError: (error) => faults.failed(redisPart, error) });
  const watch = watchRedis({ redis: engine.redis, faults });
  running.push({ engine, watch });
  await watch.start();
  return { engine, lines, said: () => lines.map((line) => (JSON.parse(line) as { msg: string }).msg) };
}

const otherKind = async (kind: RedisKind): Promise<string> => {
  const other = await startPrivateRedis(kind);
  others.push(other);
  return other.url;
};
const withUrl = (change: (url: URL) => void): string => {
  const url = new URL(server.url);
  change(url);
  return url.href;
};

describe('a server that cannot hold the queues', () => {
  it.each<[string, () => string | Promise<string>, string, RegExp]>([
    ['a wrong password', () => withUrl((url) => (url.password = 'wrong')), 'redis-access-refused', /password of REDIS_URL/],
    ['no password', () => withUrl((url) => (url.password = '')), 'redis-access-refused', /password of REDIS_URL/],
    [
      'a database that it lacks',
      () => withUrl((url) => (url.pathname = '/99')),
      'redis-unsuitable',
      /database number in REDIS_URL does not exist/,
    ],
    ['a node of a cluster', () => otherKind('cluster'), 'redis-unsuitable', /Redis Cluster/],
    ['a Sentinel', () => otherKind('sentinel'), 'redis-unsuitable', /Sentinel/],
  ])(
    'is refused in one line with the reason: %s',
    async (_what, url, code, text) => {
      const { engine, lines, said } = await connect(await url());
      await eventually(() => expect(said()).toEqual([expect.stringMatching(text)]));
      await expect(engine.ready()).rejects.toMatchObject({ code });
      expect(JSON.parse(lines[0]!)).toMatchObject({ level: 'warn', code });
      expect(said()).toHaveLength(1);
    },
    40_000,
  );

  it('is refused while it is a replica, and used as soon as it is the primary', async () => {
    await admin.replicaof('127.0.0.1', 1);
    const up = jest.spyOn(metrics.dependencyUp, 'set');
    const { engine, said } = await connect(server.url);
    await eventually(() => expect(said()).toEqual([expect.stringMatching(/it is a replica/)]));
    await expect(engine.ready()).rejects.toMatchObject({ code: 'redis-unsuitable' });
    expect(up.mock.lastCall).toEqual([0, { dependency: 'redis' }]);
    await admin.replicaof('NO', 'ONE');
    await eventually(() => expect(said()).toEqual([expect.anything(), 'Redis can be used again']));
    expect(up.mock.lastCall).toEqual([1, { dependency: 'redis' }]);
  });

  it('is reported if it may evict keys after a reconnect', async () => {
    const proxy = await startTcpProxy(server.url);
    const { engine, said } = await connect(proxy.url);
    await engine.ready();
    await proxy.cut();
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await proxy.restore();
    await eventually(() => expect(said().join()).toMatch(/maxmemory-policy allkeys-lru; set it to noeviction/));
  });
});

describe('a Redis that is away', () => {
  it('is reported once, at once, and once more when it is back', async () => {
    const proxy = await startTcpProxy(server.url);
    const { engine, said } = await connect(proxy.url);
    await engine.ready();
    await proxy.cut();
    await eventually(() => expect(said()).toEqual([expect.stringMatching(/Redis cannot be used: connect ECONNREFUSED/)]));
    await proxy.restore();
    await eventually(() => expect(said().at(-1)).toBe('Redis can be used again'));
    expect(said().length).toBeLessThanOrEqual(3); // the reset of the connection may be logged as another reason
  });
});

it('readRedisMemory tells policy, use and limit as they are now', async () => {
  expect(await readRedisMemory(admin)).toMatchObject({ policy: 'noeviction', limitBytes: 0 });
  await admin.config('SET', 'maxmemory', '50mb');
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  const memory = await readRedisMemory(admin);
  expect(memory).toMatchObject({ policy: 'allkeys-lru', limitBytes: 50 * 1024 * 1024 });
  expect(memory.usedBytes).toBeGreaterThan(100_000);
  await admin.config('SET', 'maxmemory', '0');
});
