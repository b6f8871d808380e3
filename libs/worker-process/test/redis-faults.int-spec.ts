import { done } from '@orderly/jobs';
import { createLogger, metrics } from '@orderly/observability';
import { startPrivateRedis, startTcpProxy, stopTcpProxies, type TcpProxy } from '@orderly/queue/testing';
import type { RedisServer } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { Redis } from 'ioredis';
import type { WorkerProcess } from '../src';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, queue } from './erp-worker';

// A worker must say at level `warn` why it waits. This once needed `debug`.

let fixture: WorkerFixture;
let server: RedisServer;
let admin: Redis;
const workers: WorkerProcess[] = [];

beforeAll(async () => {
  [fixture, server] = await Promise.all([createWorkerFixture(), startPrivateRedis()]);
  admin = new Redis(server.url);
});
afterEach(async () => {
  await admin.replicaof('NO', 'ONE');
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await stopTcpProxies();
});
afterAll(async () => {
  admin.disconnect();
  await Promise.all([server.stop(), fixture.close()]);
});

function buildWorker(redisUrl: string) {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push((JSON.parse(line) as { msg: string }).msg) };
  const logger = createLogger({ service: 'test', level: 'warn', destination });
  const worker = buildErpWorker({ ...fixture.env, REDIS_URL: redisUrl }, async () => done({ resultVersion: 1 }), { logger });
  workers.push(worker);
  return { worker, lines, of: (text: RegExp) => lines.filter((line) => text.test(line)) };
}

const readiness = async ({ admin: { address } }: WorkerProcess): Promise<number> =>
  (await fetch(new URL('/readyz', address()))).status;

describe('a worker whose Redis is a replica', () => {
  it('says so in one line, waits without being ready, and works after the promotion', async () => {
    await admin.replicaof('127.0.0.1', 1);
    const { worker, lines } = buildWorker(server.url);
    const starting = worker.start();
    await eventually(() => expect(lines).toEqual([expect.stringMatching(/^Redis cannot be used: .* replica/)]));
    expect(await readiness(worker)).toBe(503);
    await admin.replicaof('NO', 'ONE');
    await starting;
    await eventually(async () => expect(await readiness(worker)).toBe(200));
    expect(lines).toContain('Redis can be used again');
  });

  it('can be stopped while it waits', async () => {
    await admin.replicaof('127.0.0.1', 1);
    const { worker, lines } = buildWorker(server.url);
    const starting = worker.start();
    await eventually(() => expect(lines).toHaveLength(1));
    await worker.stop();
    await expect(starting).rejects.toThrow('stopping');
  });
});

describe('a worker whose Redis goes away', () => {
  let proxy: TcpProxy;

  it('warns that Redis and the sweep fail, and says once for each that it works again', async () => {
    proxy = await startTcpProxy(server.url);
    const up = jest.spyOn(metrics.dependencyUp, 'set');
    const { worker, of } = buildWorker(proxy.url);
    await worker.start();
    await eventually(() => expect(up).toHaveBeenCalledWith(1, { dependency: 'redis' }));
    await proxy.cut();
    await eventually(() => expect(of(/^Redis cannot be used: connect ECONNREFUSED/)).toHaveLength(1));
    await fixture.db.query(
      `insert into jobs (id, name, queue, priority, payload, state, order_id, destination, version)
       values (gen_random_uuid(), 'sync-order', $1, 3, '{}', 'runnable', 'x', 'erp', 1)`,
      [queue],
    );
    await eventually(() => expect(of(/^The sweep fails/)).not.toEqual([]));
    expect(up).toHaveBeenLastCalledWith(0, { dependency: 'redis' });
    await proxy.restore();
    await eventually(() =>
      expect(of(/(used|works) again$/).toSorted()).toEqual(['Redis can be used again', 'The sweep works again']),
    );
    expect(up).toHaveBeenLastCalledWith(1, { dependency: 'redis' });
  });
});
