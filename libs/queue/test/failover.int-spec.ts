import { syncOrder } from '@orderly/contracts';
import { createSoloGate, done } from '@orderly/jobs';
import { createLogger } from '@orderly/observability';
import type { RedisServer } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { Redis } from 'ioredis';
import { bindJob, createEngine, createQueueWorker, createRedisFaults } from '../src';
import { createFakeLedger, livingProcess, startPrivateRedis, startTcpProxy, stopTcpProxies } from '../src/testing';

const queue = 'order-sync.erp';
const prefix = 'failover';
const logger = createLogger({ service: 'test', level: 'silent' });
let servers: RedisServer[];

beforeAll(async () => {
  servers = await Promise.all([startPrivateRedis(), startPrivateRedis()]);
});
afterAll(async () => {
  await stopTcpProxies();
  await Promise.all(servers.map((server) => server.stop()));
});

describe('a primary that is demoted and keeps its connections', () => {
  it('loses every connection to the new primary, and jobs run there', async () => {
    const [before, after] = servers as [RedisServer, RedisServer];
    const [old, next] = [new Redis(before.url), new Redis(after.url)];
    await next.config('SET', 'requirepass', new URL(before.url).password);
    const proxy = await startTcpProxy(before.url);
    const engine = createEngine({ redisUrl: proxy.url, prefix });
    const fake = createFakeLedger();
    const stop = new AbortController();
    const worker = createQueueWorker({
      queue,
      engine,
      ledger: fake.ledger,
      jobs: { 'sync-order': bindJob(syncOrder, async () => done()) },
      gate: createSoloGate(),
      logger,
      prefix,
      redisUrl: proxy.url,
      redisFaults: createRedisFaults(logger),
      concurrency: 2,
      ...livingProcess(stop),
      drainMs: 300,
      onDrainTimeout: () => undefined,
      closeMs: 1500,
    });
    try {
      await engine.ready();
      await worker.start();
      proxy.redirect(after.url);
      await old.replicaof('127.0.0.1', 1);
      const id = await fake.insert();
      // The engine notices at its first add, and the connections of the worker when they fetch.
      await eventually(() => engine.add([{ id, name: 'sync-order', queue, priority: 3 }]));
      expect(await engine.redis.info('replication')).toContain('role:master');
      await eventually(async () => expect(await fake.read(id)).toMatchObject({ outcome: 'done' }));
      expect(await next.exists(`${prefix}:${queue}:meta`)).toBe(1);
    } finally {
      await worker.stop();
      await engine.close();
      old.disconnect();
      next.disconnect();
    }
  }, 60_000);
});
