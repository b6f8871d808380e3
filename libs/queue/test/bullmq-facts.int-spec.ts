import { eventually, testRedisUrl } from '@orderly/testing';
import { DelayedError, type Job, Queue, RateLimitError, WaitingError, type Worker, type WorkerOptions } from 'bullmq';
import { v7 as uuidv7 } from 'uuid';
import type { BullEngine } from '../src';
import { nothing, openRedisSpace, type RedisSpace } from './redis-space';

// The design depends on these facts, and BullMQ does not promise them: a test fails if an upgrade changes one.

const queue = 'facts';
let space: RedisSpace;
let engine: BullEngine;

beforeEach(async () => {
  space = await openRedisSpace(queue);
  engine = space.engine;
});
afterEach(() => space.close());

const job = (priority = 3, more: { id?: string; delayMs?: number } = {}) => ({
  id: uuidv7(),
  name: 'sync-order',
  queue,
  priority,
  ...more,
});
/** A worker with a limiter, without which BullMQ ignores holds. */
const work = (process: (job: Job, token?: string) => Promise<void>, options: Partial<WorkerOptions> = {}): Worker =>
  space.work(process, { limiter: { max: 1_000_000, duration: 1000 }, ...options });

describe('a job in Redis', () => {
  it('consists of id, name and priority: no data, no result, nothing personal', async () => {
    const { id } = job();
    await engine.add([{ ...job(), id }]);
    const hash = await space.redis.hgetall(space.key(id));
    expect(hash).toEqual({
      name: 'sync-order',
      data: '{}',
      opts: expect.any(String),
      timestamp: expect.any(String),
      delay: '0',
      priority: '3',
    });
    expect(JSON.parse(hash['opts']!)).toEqual({ attempts: 1, jobId: id, priority: 3 });
  });

  it('takes at most 900 bytes, including its events, of which BullMQ keeps few', async () => {
    await engine.add([job()]);
    await eventually(async () => expect(await space.redis.hexists(space.key('meta'), 'opts.maxLenEvents')).toBe(1));
    const before = await usedMemory();
    const jobs = Array.from({ length: 2000 }, () => job());
    await engine.add(jobs);
    expect(((await usedMemory()) - before) / jobs.length).toBeLessThan(900);
    expect(await space.redis.xlen(space.key('events'))).toBeLessThan(300);
  });

  async function usedMemory(): Promise<number> {
    const sizes = await Promise.all((await space.keys()).map((key) => space.redis.memory('USAGE', `${space.prefix}:${key}`)));
    return sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  }
});

describe('the id of a job', () => {
  it.each([
    ['has completed', async () => undefined],
    [
      'has failed',
      async () => {
        throw new Error('x');
      },
    ],
  ])('is deleted when its job %s, so that it can be added again', async (_how, process) => {
    const again = job();
    const first = work(process);
    await engine.add([again]);
    await eventually(async () => expect(await engine.absent([again])).toEqual([again]));
    expect(await space.redis.exists(space.key('completed'), space.key('failed'))).toBe(0);
    let deliveries = 0;
    await first.close();
    work(async () => void (deliveries += 1));
    await engine.add([again]);
    await eventually(() => expect(deliveries).toBe(1));
  });

  it('is neither added twice nor changed while its job waits or is delayed', async () => {
    const [waiting, delayed] = [job(), job(2, { delayMs: 60_000 })];
    await engine.add([waiting, delayed]);
    await engine.add([
      { ...waiting, priority: 1 },
      { ...delayed, delayMs: 0 },
    ]);
    expect(await space.counts()).toEqual({ ...nothing, prioritized: 1, delayed: 1 });
    expect(await space.redis.hget(space.key(waiting.id), 'priority')).toBe('3');
  });

  it('cannot be added while its job is active, and such an add is lost', async () => {
    const active = job();
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    let deliveries = 0;
    work(() => {
      deliveries += 1;
      return finish;
    });
    await engine.add([active]);
    await eventually(async () => expect(await space.counts()).toEqual({ ...nothing, active: 1 }));
    await engine.add([active]);
    expect(await space.counts()).toEqual({ ...nothing, active: 1 });
    resolve();
    await eventually(async () => expect(await space.counts()).toEqual(nothing));
    expect(deliveries).toBe(1);
  });
});

describe('an attempt in BullMQ', () => {
  it.each([
    [
      'DelayedError',
      async (again: Job, token?: string) => {
        await again.moveToDelayed(Date.now() + 1, token);
        throw new DelayedError();
      },
    ],
    [
      'WaitingError',
      async (again: Job, token?: string) => {
        await again.moveToWait(token);
        throw new WaitingError();
      },
    ],
    [
      'RateLimitError',
      async () => {
        await engine.hold(queue, 20);
        throw new RateLimitError();
      },
    ],
  ])('is not counted with %s, and the job keeps its priority', async (_name, giveBack) => {
    const seen: Pick<Job, 'attemptsMade' | 'priority'>[] = [];
    work(async (again, token) => {
      seen.push({ attemptsMade: again.attemptsMade, priority: again.priority });
      if (seen.length < 8) await giveBack(again, token);
    });
    await engine.add([job(2)]);
    await eventually(() => expect(seen).toHaveLength(8));
    expect(new Set(seen.map(({ attemptsMade }) => attemptsMade))).toEqual(new Set([0]));
    expect(new Set(seen.map(({ priority }) => priority))).toEqual(new Set([2]));
    await eventually(async () => expect(await space.counts()).toEqual(nothing));
  });
});

describe('a priority', () => {
  it('orders the jobs of a queue, and must be set, because a job without one would run first', async () => {
    const jobs = [job(4), job(3), job(2), job(1)];
    await engine.add(jobs);
    const bare = new Queue(queue, { connection: { url: testRedisUrl() }, prefix: space.prefix });
    await bare.add('sync-order', {}, { jobId: 'without-priority' });
    await bare.close();
    const order: (string | undefined)[] = [];
    work(async ({ id }) => void order.push(id), { concurrency: 1 });
    await eventually(() => expect(order).toHaveLength(5));
    expect(order).toEqual(['without-priority', ...jobs.toReversed().map(({ id }) => id)]);
  });
});

describe('a hold', () => {
  it('stops all fetching from the queue for its time, and does nothing to workers without a limiter', async () => {
    await engine.add([job()]);
    const heldAt = Date.now();
    await engine.hold(queue, 700);
    let deliveredAt = 0;
    const limited = work(async () => void (deliveredAt = Date.now()));
    await eventually(() => expect(deliveredAt).toBeGreaterThan(0));
    expect(deliveredAt - heldAt).toBeGreaterThanOrEqual(690);
    await limited.close();

    await engine.hold(queue, 60_000);
    await engine.add([job()]);
    let isDelivered = false;
    work(async () => void (isDelivered = true), { limiter: undefined });
    await eventually(() => expect(isDelivered).toBe(true));
  });
});
