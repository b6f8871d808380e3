import { eventually } from '@orderly/testing';
import { v7 as uuidv7 } from 'uuid';
import type { BullEngine } from '../src';
import { nothing, openRedisSpace, type RedisSpace } from './redis-space';

// Promise 2: a part of Redis that is lost or damaged loses no job. The sweep cannot repair what the engine does not report.

const queue = 'order-status';
let space: RedisSpace;
let engine: BullEngine;

beforeEach(async () => {
  space = await openRedisSpace(queue);
  engine = space.engine;
});
afterEach(() => space.close());

const job = (delayMs?: number) => ({ id: uuidv7(), name: 'apply-order-event', queue, priority: 3, delayMs });

/** One job that a worker runs until the test finishes it. */
async function runOne() {
  const running = job();
  const { promise, resolve } = Promise.withResolvers<void>();
  const worker = space.work(() => promise, { concurrency: 10 });
  await engine.add([running]);
  await eventually(async () => expect(await space.redis.exists(space.key(`${running.id}:lock`))).toBe(1));
  return { running, finish: resolve, worker };
}

describe('a job that is missing from the lists of Redis', () => {
  it.each([
    ['prioritized', undefined],
    ['delayed', 60_000],
  ])('is absent although its hash exists, and can be added again: %s', async (place, delayMs) => {
    const jobs = [job(delayMs), job(delayMs), job(delayMs)];
    await engine.add(jobs);
    await space.redis.del(space.key(place));
    expect(await engine.absent(jobs)).toEqual(jobs);
    await engine.add(jobs);
    expect(await engine.absent(jobs)).toEqual([]);
    expect(await space.counts()).toEqual({ ...nothing, [place]: 3 });
  });

  it('is absent if it is active without a lock, because its worker is dead', async () => {
    const { running, worker } = await runOne();
    await worker.close(true);
    await space.redis.del(space.key(`${running.id}:lock`));
    expect(await engine.absent([running])).toEqual([running]);
    await engine.add([running]);
    expect(await space.counts()).toEqual({ ...nothing, prioritized: 1 });
  });

  it.each(['completed', 'failed'])('is absent if it is kept as %s, because nothing delivers it from there', async (place) => {
    const kept = job();
    await engine.add([kept]);
    await space.redis.del(space.key('prioritized'));
    await space.redis.zadd(space.key(place), 1, kept.id);
    expect(await engine.absent([kept])).toEqual([kept]);
    await engine.add([kept]);
    expect(await space.counts()).toEqual({ ...nothing, prioritized: 1 });
    expect(await space.redis.exists(space.key(place))).toBe(0);
  });

  it('is present while a worker holds its lock, whatever else is lost', async () => {
    const { running, finish } = await runOne();
    expect(await engine.absent([running])).toEqual([]);
    await space.redis.del(space.key('active'));
    expect(await engine.absent([running])).toEqual([]);
    finish();
  });

  it('is present in the list `wait`, to which BullMQ moves stalled jobs', async () => {
    const stalled = job();
    await engine.add([stalled]);
    await space.redis.del(space.key('prioritized'));
    await space.redis.rpush(space.key('wait'), stalled.id);
    expect(await engine.absent([stalled])).toEqual([]);
  });
});

describe('a job with a damaged hash', () => {
  const damages: readonly (readonly [string, (id: string) => Promise<unknown>])[] = [
    ['has no name', (id) => space.redis.hdel(space.key(id), 'name')],
    ['has options that are not JSON', (id) => space.redis.hset(space.key(id), 'opts', '{x')],
    ['has no options', (id) => space.redis.hdel(space.key(id), 'opts')],
    ['has data that is not JSON', (id) => space.redis.hset(space.key(id), 'data', '{x')],
    ['is gone', (id) => space.redis.del(space.key(id))],
    ['is a string', (id) => space.redis.set(space.key(id), 'x')],
  ];

  it.each(damages)('is absent, and runs once after it was added again: its hash %s', async (_what, damage) => {
    const [damaged, sound] = [job(), job()];
    await engine.add([damaged, sound]);
    await damage(damaged.id);
    expect(await engine.absent([damaged, sound])).toEqual([damaged]);
    await engine.add([damaged]);
    const deliveries: (string | undefined)[] = [];
    space.work(async ({ id }) => void deliveries.push(id), { concurrency: 10 });
    await eventually(async () => expect(await space.counts()).toEqual(nothing));
    expect(deliveries.toSorted()).toEqual([damaged.id, sound.id].toSorted());
    expect(space.errors).toEqual([]);
  });

  it('is removed if BullMQ can neither run nor remove it, even without a row in the ledger', async () => {
    const damaged = job();
    await engine.add([damaged]);
    await space.redis.hset(space.key(damaged.id), 'opts', '{x');
    const first = space.work(async () => undefined);
    await eventually(() => expect(space.errors).not.toEqual([]));
    await first.close(true);
    const { running, finish } = await runOne();
    expect(await engine.removeDamaged(queue)).toBe(1);
    expect(await engine.removeDamaged(queue)).toBe(0);
    expect((await space.keys()).filter((name) => name.includes(damaged.id))).toEqual([]);
    expect(await engine.absent([running])).toEqual([]);
    finish();
    await eventually(async () => expect(await space.counts()).toEqual(nothing));
  });
});

describe('a check of one page of jobs', () => {
  it('takes one round trip', async () => {
    const jobs = Array.from({ length: 1000 }, () => job());
    await engine.add(jobs.slice(0, 500));
    await engine.absent(jobs.slice(0, 1)); // loads the script into Redis
    const sent = jest.spyOn(engine.redis, 'sendCommand');
    expect(await engine.absent(jobs)).toEqual(jobs.slice(500));
    expect(sent).toHaveBeenCalledTimes(1);
  });

  it('disturbs no job that workers take at the same time: each is delivered once', async () => {
    const jobs = Array.from({ length: 400 }, () => job());
    const deliveries: (string | undefined)[] = [];
    space.work(async ({ id }) => void deliveries.push(id), { concurrency: 10 });
    await engine.add(jobs);
    while (deliveries.length < jobs.length) await engine.absent(jobs);
    await eventually(async () => expect(await space.counts()).toEqual(nothing));
    expect(deliveries.toSorted()).toEqual(jobs.map(({ id }) => id).toSorted());
    expect(space.errors).toEqual([]);
  });
});

describe('a pause or limit that exists only in Redis', () => {
  it.each(['paused', 'concurrency', 'max'])('is removed, so that it does not stop the queue for ever: %s', async (field) => {
    const waiting = job();
    await engine.add([waiting]);
    await space.redis.hset(space.key('meta'), { [field]: field === 'paused' ? '1' : '0' });
    expect(await engine.liftForeignHolds(queue)).toBe(true);
    expect(await engine.liftForeignHolds(queue)).toBe(false);
    const delivered: (string | undefined)[] = [];
    space.work(async ({ id }) => void delivered.push(id));
    await eventually(() => expect(delivered).toEqual([waiting.id]));
  });

  it('is removed if it lasts longer than a hold or a window of Orderly', async () => {
    const limit = (forMs: number): Promise<unknown> => space.redis.set(space.key('limiter'), 999_999_999, 'PX', forMs);
    await limit(3_600_000);
    expect(await engine.liftForeignHolds(queue)).toBe(true);
    expect(await space.redis.exists(space.key('limiter'))).toBe(0);
    await limit(60_000);
    expect(await engine.liftForeignHolds(queue, 60_000)).toBe(false);
    await engine.hold(queue, 5000);
    expect(await engine.liftForeignHolds(queue)).toBe(false);
  });
});
