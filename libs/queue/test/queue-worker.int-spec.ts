import { syncOrder } from '@orderly/contracts';
import { ShutdownError, ThrottledError } from '@orderly/errors';
import { createSoloGate, done, type JobHandler } from '@orderly/jobs';
import { createLogger, metrics } from '@orderly/observability';
import { stressStartStop } from '@orderly/runtime/testing';
import { eventually, testRedisUrl } from '@orderly/testing';
import { Queue, Worker } from 'bullmq';
import { v7 as uuidv7 } from 'uuid';
import {
  bindJob,
  createEngine,
  createQueueWorker,
  createRedisFaults,
  type BullEngine,
  type QueueWorker,
  type QueueWorkerOptions,
} from '../src';
import {
  createFakeLedger,
  createTestPrefix,
  livingProcess,
  startTcpProxy,
  stopTcpProxies,
  type FakeLedger,
  type TestPrefix,
} from '../src/testing';

const queue = 'order-sync.erp';
const logger = createLogger({ service: 'test', level: 'silent' });
let space: TestPrefix;
let engine: BullEngine;
let fake: FakeLedger;
const workers: QueueWorker[] = [];

beforeEach(async () => {
  space = createTestPrefix(testRedisUrl());
  engine = createEngine({ redisUrl: testRedisUrl(), prefix: space.prefix });
  await engine.ready();
  fake = createFakeLedger();
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await engine.close();
  await stopTcpProxies();
  await space.release();
});

type Handler = JobHandler<typeof syncOrder>;
const fetching = { kind: 'done' } as const;

/** A worker as in a process: at a stop its own signal ends the jobs that it hands back. */
function makeWorker(handler: Handler, more: Partial<QueueWorkerOptions> = {}): QueueWorker {
  const stop = new AbortController();
  const worker = createQueueWorker({
    queue,
    engine,
    ledger: fake.ledger,
    jobs: { 'sync-order': bindJob(syncOrder, handler) },
    gate: createSoloGate(),
    logger,
    prefix: space.prefix,
    redisUrl: testRedisUrl(),
    redisFaults: createRedisFaults(logger),
    concurrency: 10,
    ...livingProcess(stop),
    drainMs: 300,
    onDrainTimeout: () => stop.abort(new ShutdownError()),
    closeMs: 1500,
    ...more,
  });
  workers.push(worker);
  return worker;
}

async function startWorker(handler: Handler, more?: Partial<QueueWorkerOptions>): Promise<QueueWorker> {
  const worker = makeWorker(handler, more);
  await worker.start();
  return worker;
}

async function insert(count: number): Promise<string[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => fake.insert()));
  await engine.add(ids.map((id) => ({ id, name: 'sync-order', queue, priority: 3 })));
  return ids;
}

const untilAborted: Handler = ({ signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
const outcomes = async (ids: readonly string[]) => Promise.all(ids.map(async (id) => (await fake.read(id)).outcome));
const isDone = async (ids: readonly string[]): Promise<void> => expect(await outcomes(ids)).toEqual(ids.map(() => 'done'));
const isEmpty = async (): Promise<void> =>
  expect(await engine.counts(queue)).toEqual({ prioritized: 0, wait: 0, delayed: 0, active: 0 });

describe('a queue worker', () => {
  it('runs a delivered job, and leaves none of its keys in Redis', async () => {
    await startWorker(async () => done());
    const ids = await insert(50);
    await eventually(() => isDone(ids));
    await eventually(isEmpty);
    expect((await space.keys()).filter((key) => ids.some((id) => key.includes(id)))).toEqual([]);
  });

  it('drops, counts and logs an id that no job can have, and claims nothing for it', async () => {
    const dropped = jest.spyOn(metrics.jobsDropped, 'add');
    const claims = jest.spyOn(fake.ledger, 'claim');
    const warned = jest.spyOn(logger, 'warn');
    const bare = new Queue(queue, { connection: { url: testRedisUrl() }, prefix: space.prefix });
    const strays = ['order-7', uuidv7().toUpperCase(), ` ${uuidv7()}`];
    await bare.addBulk(strays.map((jobId) => ({ name: 'sync-order', data: {}, opts: { jobId, priority: 3 } })));
    await startWorker(async () => done());
    const ids = await insert(1);
    await eventually(() => isDone(ids));
    await eventually(isEmpty);
    await bare.close();
    expect(dropped.mock.calls).toEqual(strays.map(() => [{ queue, reason: 'invalid-id' }]));
    expect(claims.mock.calls).toEqual([[expect.objectContaining({ jobId: ids[0] })]]);
    expect(warned.mock.calls).toEqual([[{ queue, id: 'order-7', deliveries: 1 }, expect.stringContaining('Dropped')]]);
    expect((await space.keys()).filter((key) => strays.some((id) => key.includes(id)))).toEqual([]);
  });

  it('waits with the whole queue while its destination is throttled, and then continues with no attempt used', async () => {
    const startedAt = Date.now();
    const times: number[] = [];
    await startWorker(
      async () => {
        times.push(Date.now() - startedAt);
        if (times.length === 1) throw new ThrottledError('destination-throttled', 'x', { retryAfterMs: 600 });
        return done();
      },
      { concurrency: 1 },
    );
    const ids = await insert(3);
    await eventually(() => isDone(ids));
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(550);
    for (const id of ids) expect((await fake.read(id)).attemptsUsed).toBe(1);
  });

  it('keeps the guarantees of a service, and shares its connections with nobody', async () => {
    const clients = async (): Promise<number> => ((await space.redis.client('LIST')) as string).split('\n').length;
    const before = await clients();
    await stressStartStop(() => makeWorker(async () => done()), { rounds: 5 });
    await eventually(async () => expect(await clients()).toBeLessThanOrEqual(before + 2));
  });

  it('reports that it does not fetch if its loop has ended although nobody stopped it', async () => {
    const worker = await startWorker(async () => done());
    expect(worker.isFetching()).toBe(true);
    await worker.stop();
    expect(worker.isFetching()).toBe(true);
    const loop = jest.spyOn(Worker.prototype, 'run').mockRejectedValue(new Error('the loop broke'));
    try {
      const broken = await startWorker(async () => done());
      expect(broken.isFetching()).toBe(false);
    } finally {
      loop.mockRestore();
    }
  });
});

describe('a stop', () => {
  it('lets jobs finish that end in time, and hands the others to the next worker at once, without an attempt', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    const quick = new Set<string>();
    const first = await startWorker(async (context) => {
      if (!quick.has(context.job.id)) return untilAborted(context);
      await finish;
      return done();
    });
    const ids = await Promise.all(Array.from({ length: 10 }, () => fake.insert()));
    ids.slice(0, 5).forEach((id) => quick.add(id));
    await engine.add(ids.map((id) => ({ id, name: 'sync-order', queue, priority: 3 })));
    await eventually(async () => expect((await engine.counts(queue))['active']).toBe(10));
    const stop = first.stop();
    resolve();
    await stop;
    await isDone(ids.slice(0, 5));
    for (const id of ids.slice(5)) {
      expect(await fake.read(id)).toMatchObject({ state: 'runnable', waitReason: 'handed-back', attemptsUsed: 0, crashes: 0 });
    }
    // The job is not active, so the next worker need not wait for a lock to expire.
    expect(await engine.counts(queue)).toMatchObject({ active: 0, delayed: 0 });
    await startWorker(async () => done());
    await eventually(() => isDone(ids));
    await eventually(isEmpty);
  });

  it('stops fetching at once', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    const seen: string[] = [];
    const worker = await startWorker(
      async ({ job }) => {
        seen.push(job.id);
        await finish;
        return done();
      },
      { concurrency: 1 },
    );
    const ids = await insert(3);
    await eventually(() => expect(seen).toHaveLength(1));
    const stop = worker.stop();
    resolve();
    await stop;
    expect(seen).toHaveLength(1);
    expect((await outcomes(ids)).filter((outcome) => outcome === 'done')).toHaveLength(1);
  });

  it('is bounded while Redis is away, with and without jobs', async () => {
    const proxy = await startTcpProxy(testRedisUrl());
    const idle = await startWorker(untilAborted, { redisUrl: proxy.url, queue: 'order-sync.idle' });
    const busy = await startWorker(untilAborted, { redisUrl: proxy.url });
    const [id = ''] = await insert(1);
    await eventually(async () => expect(await fake.read(id)).toMatchObject({ state: 'running' }));
    await proxy.cut();
    const startedAt = Date.now();
    await Promise.all([idle.stop(), busy.stop()]);
    expect(Date.now() - startedAt).toBeLessThan(20_000);
    expect(await fake.read(id)).toMatchObject({ waitReason: 'handed-back', attemptsUsed: 0 });
  });
});

describe('while Redis is away', () => {
  it('no job fails: running jobs end, and the rest follows when it is back', async () => {
    const proxy = await startTcpProxy(testRedisUrl());
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    await startWorker(
      async () => {
        await finish;
        return done();
      },
      { redisUrl: proxy.url, concurrency: 2 },
    );
    const ids = await insert(6);
    await eventually(async () => expect((await engine.counts(queue))['active']).toBe(2));
    await proxy.cut();
    resolve();
    await eventually(async () => expect((await outcomes(ids)).filter((outcome) => outcome === 'done')).toHaveLength(2));
    await proxy.restore();
    await eventually(() => isDone(ids));
    await eventually(isEmpty);
    for (const id of ids) expect(await fake.attempts(id)).toEqual([{ number: 1, outcome: 'done', usedAttempt: true }]);
  });
});

describe('while the process may not act', () => {
  it('no handler is called and no slot loops, and jobs continue afterwards', async () => {
    const fence = { current: AbortSignal.abort(new ShutdownError()) };
    const handler = jest.fn(async () => fetching as never);
    const claims = jest.spyOn(fake.ledger, 'claim');
    await startWorker(handler, { heartbeat: { signal: () => fence.current, isFresh: () => true } });
    const ids = await insert(5);
    await eventually(async () => expect((await engine.counts(queue))['delayed']).toBe(5));
    expect(handler).not.toHaveBeenCalled();
    expect(claims.mock.calls.length).toBeLessThanOrEqual(5);
    fence.current = new AbortController().signal;
    await eventually(() => isDone(ids));
  });
});
