import { eventually, testRedisUrl } from '@orderly/testing';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { createSchedules, type Schedule, type Schedules, type Tick } from '../src';

const everySecond: Schedule = { name: 'every-second', cron: '* * * * * *' };
const daily: Schedule = { name: 'daily', cron: '15 3 * * *' };

const redis = new Redis(testRedisUrl());
const running: Schedules[] = [];
const prefixes: string[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((schedules) => schedules.stop()));
  await Promise.all(prefixes.splice(0).map(empty));
});
afterAll(() => redis.disconnect());

const newPrefix = (): string => {
  const prefix = `test-${randomUUID()}`;
  prefixes.push(prefix);
  return prefix;
};

async function start(
  prefix: string,
  schedules: readonly Schedule[],
  onTick: (tick: Tick) => Promise<void> = async () => undefined,
  onError: (error: unknown) => void = () => undefined,
): Promise<Schedules> {
  const created = createSchedules({ redisUrl: testRedisUrl(), prefix, queue: 'ticks', schedules, onTick, onError });
  running.push(created);
  await created.start();
  return created;
}

/** Removes the keys of one prefix, as FLUSHALL would for a whole server. */
async function empty(prefix: string): Promise<void> {
  const keys = await redis.keys(`${prefix}:*`);
  if (keys.length > 0) await redis.unlink(keys);
}

const storedIn = (prefix: string): Promise<string[]> => redis.zrange(`${prefix}:ticks:repeat`, '0', '-1');

describe('schedules', () => {
  it('tick with the scheduled time, exact to the second, even if the tick arrives late', async () => {
    const ticks: Tick[] = [];
    await start(newPrefix(), [everySecond], async (tick) => void ticks.push(tick));
    await eventually(() => expect(ticks.length).toBeGreaterThanOrEqual(3));
    expect(ticks.map(({ name }) => name)).toEqual(ticks.map(() => 'every-second'));
    expect(ticks.map(({ scheduledFor }) => scheduledFor.getMilliseconds())).toEqual(ticks.map(() => 0));
    expect(new Set(ticks.map(({ scheduledFor }) => scheduledFor.getTime())).size).toBe(ticks.length);
  });

  it('tick once for two processes, at the same scheduled times', async () => {
    const prefix = newPrefix();
    const ticks: Tick[] = [];
    const onTick = async (tick: Tick): Promise<void> => void ticks.push(tick);
    await Promise.all([start(prefix, [everySecond], onTick), start(prefix, [everySecond], onTick)]);
    await eventually(() => expect(ticks.length).toBeGreaterThanOrEqual(3));
    expect(new Set(ticks.map(({ scheduledFor }) => scheduledFor.getTime())).size).toBe(ticks.length);
  });

  it('exist and tick again after Redis was emptied and they were applied', async () => {
    const prefix = newPrefix();
    let ticks = 0;
    const schedules = await start(prefix, [everySecond, daily], async () => void (ticks += 1));
    await eventually(async () => expect(await storedIn(prefix)).toHaveLength(2));
    await empty(prefix);
    ticks = 0;
    await schedules.apply();
    expect((await storedIn(prefix)).toSorted()).toEqual(['daily', 'every-second']);
    await eventually(() => expect(ticks).toBeGreaterThanOrEqual(2));
  });

  it('are due in UTC', async () => {
    const prefix = newPrefix();
    await start(prefix, [daily]);
    const dueMs = await eventually(async () => {
      const [, score] = await redis.zrange(`${prefix}:ticks:repeat`, '0', '0', 'WITHSCORES');
      expect(score).toBeDefined();
      return Number(score);
    });
    expect(new Date(dueMs).toISOString()).toMatch(/T03:15:00\.000Z$/);
  });

  it('are removed if they are no longer wanted', async () => {
    const prefix = newPrefix();
    const before = await start(prefix, [everySecond, daily]);
    await eventually(async () => expect(await storedIn(prefix)).toHaveLength(2));
    await before.stop();
    await start(prefix, [daily]);
    await eventually(async () => expect(await storedIn(prefix)).toEqual(['daily']));
  });

  it('continue after a tick whose handling failed, and report it', async () => {
    const errors: unknown[] = [];
    let ticks = 0;
    const onTick = async (): Promise<void> => {
      ticks += 1;
      throw new Error('the ledger is away');
    };
    await start(newPrefix(), [everySecond], onTick, (error) => void errors.push(error));
    await eventually(() => expect(ticks).toBeGreaterThanOrEqual(2));
    expect(errors).toContainEqual(new Error('the ledger is away'));
  });

  it('can be stopped while Redis is away, even before they were ever applied', async () => {
    const schedules = createSchedules({
      redisUrl: 'redis://127.0.0.1:1',
      prefix: newPrefix(),
      queue: 'ticks',
      schedules: [daily],
      onTick: async () => undefined,
      onError: () => undefined,
    });
    await schedules.start();
    await schedules.stop();
  });
});
