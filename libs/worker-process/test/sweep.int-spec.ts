import { createSweepLedger } from '@orderly/ledger';
import { createLogger, metrics } from '@orderly/observability';
import type { SweepLedger } from '@orderly/jobs';
import { createEngine, createSweep, type BullEngine, type SweepOptions } from '@orderly/queue';
import { startPrivateRedis, startTcpProxy, stopTcpProxies, type TcpProxy } from '@orderly/queue/testing';
import type { Service } from '@orderly/runtime';
import type { RedisServer } from '@orderly/servers';
import { eventually } from '@orderly/testing';
import { Redis } from 'ioredis';
import { v7 as uuidv7 } from 'uuid';
import { createProcessFaults } from '../src/process-faults';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';

const queue = 'order-status';
const logger = createLogger({ service: 'test', level: 'silent' });
const faults = createProcessFaults(logger);
let fixture: WorkerFixture;
let server: RedisServer;
let other: RedisServer | undefined;
let proxy: TcpProxy;
let engine: BullEngine;
let prefix: string;
const sweeps: Service[] = [];

beforeAll(async () => {
  [fixture, server] = await Promise.all([createWorkerFixture(), startPrivateRedis()]);
});
beforeEach(async () => {
  await fixture.db.query('delete from jobs');
  await fixture.db.query('delete from leases');
  proxy = await startTcpProxy(server.url);
  prefix = `test-${uuidv7()}`;
  engine = createEngine({ redisUrl: proxy.url, prefix });
  await engine.ready();
});
afterEach(async () => {
  await Promise.all(sweeps.splice(0).map((sweep) => sweep.stop()));
  await engine.close();
  await stopTcpProxies();
  jest.restoreAllMocks();
});
afterAll(async () => {
  await fixture.close();
  await Promise.all([server.stop(), other?.stop()]);
});

async function startSweep(options: Partial<SweepOptions> = {}): Promise<Service> {
  const ledger = createSweepLedger(fixture.db, uuidv7());
  const sweep = createSweep({ engine, ledger, queues: [queue], prefix, logger, faults, ...options });
  sweeps.push(sweep);
  await sweep.start();
  return sweep;
}

type Row = { state?: 'runnable' | 'parked' | 'running'; waitReason?: string; dueInMs?: number };

async function insert(count: number, { state = 'runnable', waitReason, dueInMs = -60_000 }: Row = {}): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await fixture.db.query(
    `insert into jobs (id, name, queue, priority, payload, state, wait_reason, run_at, order_id, claim_token, claimed_by)
     select id, 'apply-order-event', $2, 3, '{}', $3, $4, now() + make_interval(secs => $5 / 1000.0), id::text,
       case when $3 = 'running' then id end, case when $3 = 'running' then id end
     from unnest($1::uuid[]) as id`,
    [ids, queue, state, waitReason ?? null, dueInMs],
  );
  return ids;
}

const present = async (): Promise<number> => (await engine.counts(queue))['prioritized'] ?? 0;
const runnable = (ids: readonly string[]) => ids.map((id) => ({ id, name: 'apply-order-event', queue, priority: 3 }));
/** The number of jobs without a hash in Redis. Unlike the check of the engine, this changes nothing. */
const absentIn = async (ids: readonly string[]): Promise<number> =>
  ids.length - (await engine.redis.exists(ids.map((id) => `${prefix}:${queue}:${id}`)));
const absentOf = async (ids: readonly string[]): Promise<number> => (await engine.absent(runnable(ids))).length;

/** A ledger that records the pages that the sweep requests. Each tick begins with the freshly due jobs. */
function recordedLedger() {
  const ledger = createSweepLedger(fixture.db, uuidv7());
  const record: ('tick' | 'page')[] = [];
  const recorded: SweepLedger = {
    ...ledger,
    freshlyDue: (...args) => (record.push('tick'), ledger.freshlyDue(...args)),
    duePage: (...args) => (record.push('page'), ledger.duePage(...args)),
  };
  return { recorded, record };
}

/** Keeps the tick under way, which may still find what a test is about to do. */
const forgetFinishedTicks = (record: string[]): unknown => record.splice(0, record.lastIndexOf('tick'));

/** The pages of each finished tick. */
const pagesPerTick = (record: readonly string[]): number[] =>
  record
    .join(' ')
    .split('tick')
    .slice(1, -1)
    .map((pages) => pages.split('page').length - 1);

describe('the sweep', () => {
  it('gives 5,000 runnable jobs back to Redis in one walk after a FLUSHALL', async () => {
    const ids = await insert(5000);
    await engine.add(runnable(ids));
    const onGeneration = jest.fn();
    const { recorded, record } = recordedLedger();
    await startSweep({ onGeneration, ledger: recorded });
    expect(onGeneration).toHaveBeenCalledTimes(1); // this Redis is new to the prefix
    await eventually(() => expect(pagesPerTick(record)).toContain(1)); // the first walk is over, the next has begun
    forgetFinishedTicks(record);
    await engine.redis.flushall();
    await eventually(async () => expect(await present()).toBe(5000));
    await eventually(() => expect(Math.max(...pagesPerTick(record))).toBeGreaterThanOrEqual(5));
    await eventually(() => expect(onGeneration).toHaveBeenCalledTimes(2));
    expect(await absentOf(ids)).toBe(0);
  });

  it('gives them to an empty Redis that replaced the lost one', async () => {
    const replacement = await startPrivateRedis();
    other = replacement;
    const password = new URL(server.url).password;
    const admin = new Redis(replacement.url);
    await admin.config('SET', 'requirepass', password);
    admin.disconnect();
    const ids = await insert(3000);
    await engine.add(runnable(ids));
    await startSweep();
    proxy.retarget(replacement.url);
    await eventually(async () => expect(await absentOf(ids)).toBe(0));
    expect(await present()).toBe(3000);
  });

  it('walks without a pause from the first page with missing jobs, even if Redis has lost nothing', async () => {
    const present = await insert(2500, { dueInMs: -90_000 });
    await engine.add(runnable(present));
    const { recorded, record } = recordedLedger();
    await startSweep({ ledger: recorded });
    await eventually(() => expect(pagesPerTick(record)).toContain(1)); // the first walk is over, the next has begun
    const absent = await insert(6500);
    forgetFinishedTicks(record);
    await eventually(async () => expect(await absentIn(absent)).toBe(0));
    // One page per tick while jobs are present, then all missing jobs at once.
    await eventually(() => expect(Math.max(...pagesPerTick(record))).toBeGreaterThanOrEqual(6));
  });

  it('walks without a pause after Redis was merely out of reach, even over jobs that Redis has', async () => {
    const ids = await insert(6500);
    await engine.add(runnable(ids));
    const { recorded, record } = recordedLedger();
    await startSweep({ ledger: recorded });
    await eventually(() => expect(pagesPerTick(record)).toContain(1));
    await proxy.cut();
    await eventually(() => expect(engine.redis.status).not.toBe('ready'));
    forgetFinishedTicks(record);
    await proxy.restore();
    await eventually(() => expect(Math.max(...pagesPerTick(record))).toBeGreaterThanOrEqual(7));
  });

  it('walks again over finished pages if Redis is lost during a walk', async () => {
    const ids = await insert(5000);
    await engine.redis.flushall();
    await startSweep();
    await eventually(async () => expect(await present()).toBeGreaterThan(1000), { intervalMs: 1 });
    await engine.redis.flushall();
    await eventually(async () => expect(await absentOf(ids)).toBe(0));
  });

  it.each(['prioritized', 'wait'])('restores jobs whose hashes Redis kept when the list %s was lost', async (list) => {
    const ids = await insert(60);
    await engine.add(runnable(ids));
    if (list === 'wait') await stallAll(ids);
    await startSweep();
    await engine.redis.del(`${prefix}:${queue}:${list}`);
    await eventually(async () => expect(await present()).toBe(60));
  });

  async function stallAll(ids: readonly string[]): Promise<void> {
    await engine.redis.del(`${prefix}:${queue}:prioritized`);
    await engine.redis.rpush(`${prefix}:${queue}:wait`, ...ids);
  }

  it('removes ids that BullMQ cannot read and the ledger does not know', async () => {
    const stray = uuidv7();
    await engine.redis.hset(`${prefix}:${queue}:${stray}`, { name: 'x', data: '{', opts: '{' });
    await engine.redis.lpush(`${prefix}:${queue}:active`, stray);
    await startSweep();
    await eventually(async () => expect(await engine.redis.keys(`${prefix}:*${stray}*`)).toEqual([]));
    expect(await engine.redis.llen(`${prefix}:${queue}:active`)).toBe(0);
  });

  it('leaves a job that Redis has unchanged, and logs nothing about it', async () => {
    const ids = await insert(10);
    await engine.add(runnable(ids).map((job) => ({ ...job, priority: 1 })));
    const added = jest.spyOn(engine, 'add');
    const [absent = ''] = await insert(1);
    await startSweep();
    await eventually(async () => expect(await engine.absent(runnable([absent]))).toEqual([]));
    expect(added.mock.calls.flatMap(([jobs]) => jobs.map(({ id }) => id))).toEqual([absent]);
  });

  it('delivers a parked job at its deadline, a retry at its time and the jobs of a dead process, but nothing early', async () => {
    const repaired = jest.spyOn(metrics.sweepRepaired, 'add');
    await startSweep();
    const [due, notDue] = [
      [
        ...(await insert(1, { state: 'parked', waitReason: 'parked', dueInMs: 500 })),
        ...(await insert(1, { waitReason: 'retry', dueInMs: 500 })),
        ...(await insert(1, { state: 'running' })),
      ],
      await insert(2, { state: 'parked', waitReason: 'parked', dueInMs: 60_000 }),
    ];
    await eventually(async () => expect(await engine.absent(runnable(due))).toEqual([]));
    expect(await engine.absent(runnable(notDue))).toHaveLength(2);
    expect(new Set(repaired.mock.calls.map(([{ kind }]) => kind))).toEqual(new Set(['due', 'lost']));
  });

  it('is done by one process at a time, and by the next when that one is gone', async () => {
    const adds = [jest.fn(), jest.fn()];
    const [first] = await Promise.all(
      adds.map(async (add) => {
        const own = { ...engine, add: async (jobs: Parameters<typeof engine.add>[0]) => (add(), engine.add(jobs)) };
        const sweep = createSweep({
          engine: own,
          ledger: createSweepLedger(fixture.db, uuidv7()),
          queues: [queue],
          prefix,
          logger,
          faults,
        });
        sweeps.push(sweep);
        await sweep.start();
        return sweep;
      }),
    );
    const ids = await insert(5);
    await eventually(async () => expect(await absentOf(ids)).toBe(0));
    const holders = adds.map((add) => add.mock.calls.length > 0);
    expect(holders.filter(Boolean)).toHaveLength(1);
    const holder = holders.indexOf(true);
    await (holder === 0 ? first : sweeps[1])!.stop();
    const more = await insert(5);
    await eventually(async () => expect(await engine.absent(runnable(more))).toEqual([]));
    expect(adds[1 - holder]).toHaveBeenCalled();
  });

  it('continues when Redis is back', async () => {
    await startSweep();
    await proxy.cut();
    const ids = await insert(20);
    await eventually(() => expect(engine.redis.status).not.toBe('ready'));
    await proxy.restore();
    await eventually(async () => expect(await absentOf(ids)).toBe(0));
  });
});

it('ends a pause that exists only in Redis, because the ledger does not know it', async () => {
  await engine.redis.hset(`${prefix}:${queue}:meta`, 'paused', '1');
  await startSweep();
  await eventually(async () => expect(await engine.redis.hexists(`${prefix}:${queue}:meta`, 'paused')).toBe(0));
});

it('moves to another process if its own loses Redis but still reaches the ledger', async () => {
  await startSweep();
  await eventually(async () => expect(await fixture.db.query('select 1 from leases')).toHaveLength(1));
  await proxy.cut();
  const sound = createEngine({ redisUrl: server.url, prefix });
  try {
    await sound.ready();
    await insert(3);
    await startSweep({ engine: sound });
    await eventually(async () => expect(await sound.counts(queue)).toMatchObject({ prioritized: 3 }));
    await Promise.all(sweeps.splice(0).map((sweep) => sweep.stop()));
  } finally {
    await sound.close();
  }
});
