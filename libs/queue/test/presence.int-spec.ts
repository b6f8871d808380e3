import { eventually, testRedisUrl } from '@orderly/testing';
import { Worker } from 'bullmq';
import { v7 as uuidv7 } from 'uuid';
import { createEngine, type BullEngine } from '../src';
import { createTestPrefix, type TestPrefix } from '../src/testing';

// Promise 2: a part of Redis that is lost or damaged loses no job. What the sweep is not told, it cannot repair.

const queue = 'order-status';
let space: TestPrefix;
let engine: BullEngine;
let workers: Worker[];

beforeEach(async () => {
  space = createTestPrefix(testRedisUrl());
  engine = createEngine({ redisUrl: testRedisUrl(), prefix: space.prefix });
  await engine.ready();
  workers = [];
});
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.close(true)));
  await engine.close();
  await space.release();
});

const job = (delayMs?: number) => ({ id: uuidv7(), name: 'apply-order-event', queue, priority: 3, delayMs });
const key = (name: string): string => `${space.prefix}:${queue}:${name}`;
const nothing = { prioritized: 0, wait: 0, delayed: 0, active: 0 };

function work(process: (id: string) => Promise<void>, onError: (error: Error) => void = () => undefined): Worker {
  const connection = { url: testRedisUrl(), maxRetriesPerRequest: null };
  const worker = new Worker(queue, (delivered) => process(delivered.id ?? ''), {
    connection,
    prefix: space.prefix,
    concurrency: 10,
    removeOnComplete: { count: 0 },
    removeOnFail: { count: 0 },
  });
  worker.on('error', onError);
  workers.push(worker);
  return worker;
}

/** One job that a worker is running, until the test lets it end. */
async function runOne() {
  const running = job();
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = work(() => promise);
  await engine.add([running]);
  await eventually(async () => expect(await space.redis.exists(key(`${running.id}:lock`))).toBe(1));
  return { running, finish: resolve, worker };
}

describe('a job that is missing from the lists of Redis', () => {
  it.each([
    ['prioritized', undefined],
    ['delayed', 60_000],
  ])('is absent although its hash exists, and can be added again: %s', async (place, delayMs) => {
    const jobs = [job(delayMs), job(delayMs), job(delayMs)];
    await engine.add(jobs);
    await space.redis.del(key(place));
    expect(await engine.absent(jobs)).toEqual(jobs);
    await engine.add(jobs);
    expect(await engine.absent(jobs)).toEqual([]);
    expect(await engine.counts(queue)).toEqual({ ...nothing, [place]: 3 });
  });

  it('is absent if it is active without a lock, because its worker is dead', async () => {
    const { running, worker } = await runOne();
    await worker.close(true);
    await space.redis.del(key(`${running.id}:lock`));
    expect(await engine.absent([running])).toEqual([running]);
    await engine.add([running]);
    expect(await engine.counts(queue)).toEqual({ ...nothing, prioritized: 1 });
  });

  it.each(['completed', 'failed'])('is absent if it is kept as %s, because nothing delivers it from there', async (place) => {
    const kept = job();
    await engine.add([kept]);
    await space.redis.del(key('prioritized'));
    await space.redis.zadd(key(place), 1, kept.id);
    expect(await engine.absent([kept])).toEqual([kept]);
    await engine.add([kept]);
    expect(await engine.counts(queue)).toEqual({ ...nothing, prioritized: 1 });
    expect(await space.redis.exists(key(place))).toBe(0);
  });

  it('is present while a worker holds its lock, whatever else is lost', async () => {
    const { running, finish } = await runOne();
    expect(await engine.absent([running])).toEqual([]);
    await space.redis.del(key('active'));
    expect(await engine.absent([running])).toEqual([]);
    finish();
  });

  it('is present in the list `wait`, to which BullMQ moves stalled jobs', async () => {
    const stalled = job();
    await engine.add([stalled]);
    await space.redis.del(key('prioritized'));
    await space.redis.rpush(key('wait'), stalled.id);
    expect(await engine.absent([stalled])).toEqual([]);
  });
});

describe('a job with a damaged hash', () => {
  const damages: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    ['has no name', (id) => space.redis.hdel(key(id), 'name')],
    ['has options that are not JSON', (id) => space.redis.hset(key(id), 'opts', '{x')],
    ['has no options', (id) => space.redis.hdel(key(id), 'opts')],
    ['has data that is not JSON', (id) => space.redis.hset(key(id), 'data', '{x')],
    ['is gone', (id) => space.redis.del(key(id))],
    ['is a string', (id) => space.redis.set(key(id), 'x')],
  ];

  it.each(damages)('is absent, and runs once after it was added again: its hash %s', async (_what, damage) => {
    const [damaged, sound] = [job(), job()];
    await engine.add([damaged, sound]);
    await damage(damaged.id);
    expect(await engine.absent([damaged, sound])).toEqual([damaged]);
    await engine.add([damaged]);
    const deliveries: string[] = [];
    const errors: Error[] = [];
    work(
      async (id) => void deliveries.push(id),
      (error) => errors.push(error),
    );
    await eventually(async () => expect(await engine.counts(queue)).toEqual(nothing));
    expect(deliveries.toSorted()).toEqual([damaged.id, sound.id].toSorted());
    expect(errors).toEqual([]);
  });

  it('is removed if BullMQ can neither run nor remove it, even without a row in the ledger', async () => {
    const damaged = job();
    await engine.add([damaged]);
    await space.redis.hset(key(damaged.id), 'opts', '{x');
    const errors: Error[] = [];
    const first = work(
      async () => undefined,
      (error) => errors.push(error),
    );
    await eventually(() => expect(errors).not.toEqual([]));
    await first.close(true);
    const { running, finish } = await runOne();
    expect(await engine.removeDamaged(queue)).toBe(1);
    expect(await engine.removeDamaged(queue)).toBe(0);
    expect((await space.keys()).filter((name) => name.includes(damaged.id))).toEqual([]);
    expect(await engine.absent([running])).toEqual([]);
    finish();
    await eventually(async () => expect(await engine.counts(queue)).toEqual(nothing));
  });
});

describe('a check of one page of jobs', () => {
  it('takes one round trip', async () => {
    const jobs = Array.from({ length: 1000 }, () => job());
    await engine.add(jobs.slice(0, 500));
    await engine.absent(jobs.slice(0, 1)); // Redis knows the script from here on
    const sent = jest.spyOn(engine.redis, 'sendCommand');
    expect(await engine.absent(jobs)).toEqual(jobs.slice(500));
    expect(sent).toHaveBeenCalledTimes(1);
  });

  it('disturbs no job that workers take at the same time: each is delivered once', async () => {
    const jobs = Array.from({ length: 400 }, () => job());
    const deliveries: string[] = [];
    const errors: Error[] = [];
    work(
      async (id) => void deliveries.push(id),
      (error) => errors.push(error),
    );
    await engine.add(jobs);
    while (deliveries.length < jobs.length) await engine.absent(jobs);
    await eventually(async () => expect(await engine.counts(queue)).toEqual(nothing));
    expect(deliveries.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    expect(errors).toEqual([]);
  });
});

describe('a pause or limit that exists only in Redis', () => {
  it.each(['paused', 'concurrency', 'max'])('is removed, so that it does not stop the queue for ever: %s', async (field) => {
    const waiting = job();
    await engine.add([waiting]);
    await space.redis.hset(key('meta'), { [field]: field === 'paused' ? '1' : '0' });
    expect(await engine.liftForeignHolds(queue)).toBe(true);
    expect(await engine.liftForeignHolds(queue)).toBe(false);
    const delivered: string[] = [];
    work(async (id) => void delivered.push(id));
    await eventually(() => expect(delivered).toEqual([waiting.id]));
  });
});
