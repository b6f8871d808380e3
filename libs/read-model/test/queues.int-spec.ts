import type { Database } from '@orderly/database';
import { createProcessRegistry, pauseQueue, resumeQueue } from '@orderly/ledger';
import { isKnownQueue, type QueueRecord, readQueues } from '../src/index';
import {
  acceptAll,
  addJobs,
  createLedgerDatabase,
  killProcess,
  newSyncJob,
  testActor,
  type LedgerDatabase,
} from '@orderly/ledger/testing';
import { randomUUID } from 'node:crypto';

let ledger: LedgerDatabase;
let db: Database;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterEach(() => ledger.close());

const queueNamed = async (name: string): Promise<QueueRecord> => {
  const queue = (await readQueues(db)).find((found) => found.name === name);
  if (!queue) throw new Error(`${name} is not known`);
  return queue;
};

describe('the queues', () => {
  it('include the fixed ones, and all that have a process, a job or a pause', async () => {
    await createProcessRegistry(db, randomUUID(), 'test', ['order-sync.new', 'order-status']).beat();
    await addJobs(db, [newSyncJob({ destination: 'erp' })]);
    await pauseQueue(db, 'order-sync.gone', { actor: testActor });
    const names = ['maintenance', 'notifications', 'order-status', 'order-sync.erp', 'order-sync.gone', 'order-sync.new'];
    expect((await readQueues(db)).map(({ name }) => name)).toEqual(names);
    for (const name of names) expect(await isKnownQueue(db, name)).toBe(true);
    expect(await isKnownQueue(db, 'order-sync.nobody')).toBe(false);
  });

  it('count each open job once, by state and priority, and no ended jobs', async () => {
    const queue = 'order-sync.erp';
    const ids = await addJobs(
      db,
      Array.from({ length: 9 }, (_, index) => newSyncJob({ orderId: `o-${index}` })),
    );
    const change = (index: number, sql: string) => db.query(`update jobs set ${sql} where id = $1`, [ids[index]]);
    await change(0, `run_at = now() - interval '90 s'`);
    await change(1, `priority = 1`);
    await change(2, `run_at = now() + interval '1 h'`);
    await change(3, `run_at = now() + interval '1 h', wait_reason = 'retry'`);
    await change(4, `wait_reason = 'throttled'`);
    await change(5, `state = 'running', claim_token = gen_random_uuid()`);
    await change(6, `state = 'blocked', wait_reason = 'behind-head'`);
    await change(7, `state = 'parked', wait_reason = 'parked', run_at = now() + interval '1 h'`);
    await change(8, `state = 'ended', outcome = 'done', ended_at = now()`);
    const { counts, oldestWaitMs, destination } = await queueNamed(queue);
    expect(destination).toBe('erp');
    expect(counts.runnable).toEqual({ critical: 1, high: 0, normal: 1, low: 0, total: 2 });
    expect(Object.fromEntries(Object.entries(counts).map(([state, { total }]) => [state, total]))).toEqual({
      runnable: 2,
      delayed: 1,
      retrying: 2,
      running: 1,
      blocked: 1,
      parked: 1,
    });
    expect(oldestWaitMs).toBeGreaterThanOrEqual(90_000);
    expect(oldestWaitMs).toBeLessThan(120_000);
    expect((await queueNamed('notifications')).oldestWaitMs).toBeNull();
  });

  it('show how many jobs were created and ended in the last minute, and per minute in the last five', async () => {
    const ids = await acceptAll(
      db,
      Array.from({ length: 20 }, (_, index) => ({ orderId: `o-${index}` })),
    );
    const end = (from: number, to: number, age: string) =>
      db.query(`update jobs set state = 'ended', outcome = 'done', ended_at = now() - $2::interval where id = any($1)`, [
        ids.slice(from, to),
        age,
      ]);
    await end(0, 5, '10 seconds');
    await end(5, 15, '3 minutes');
    await end(15, 16, '6 minutes');
    const { rates } = await queueNamed('order-status');
    expect(rates).toEqual({ lastMinute: { created: 20, ended: 5 }, lastFiveMinutes: { created: 4, ended: 3 } });
    expect((await queueNamed('maintenance')).rates.lastMinute).toEqual({ created: 0, ended: 0 });
  });

  it('show why their jobs wait, and how many processes work on them', async () => {
    const [alive, dead] = [randomUUID(), randomUUID()];
    for (const id of [alive, dead]) await createProcessRegistry(db, id, 'test', ['order-sync.erp']).beat();
    await killProcess(db, dead);
    const hold = `insert into holds (scope, key, reason, until) values ('destination', $1, $2, now() + $3::interval)`;
    await db.query(hold, ['erp', 'destination-unauthorized', '-1 s']);
    await addJobs(db, [newSyncJob({ destination: 'wms' })]);
    await db.query(hold, ['wms', 'throttled', '-1 s']);
    expect(await queueNamed('order-sync.erp')).toMatchObject({ workers: 1, hold: { reason: 'destination-unauthorized' } });
    expect(await queueNamed('order-sync.wms')).toMatchObject({ workers: 0, hold: null, paused: null });
  });
});

describe('a pause', () => {
  const trail = () =>
    db.query(`select action, subject, actor, on_behalf_of as "onBehalfOf", reason, detail from audit order by id`);

  it('is stored with its actor and reason, and audited once although it is requested twice', async () => {
    const actor = { ...testActor, onBehalfOf: 'ada' };
    const first = await pauseQueue(db, 'notifications', { actor, reason: 'bad template', traceId: 'abc' });
    expect(first).toEqual({
      changed: true,
      paused: { since: expect.any(Date), until: null, reason: 'bad template', actor: 'test', onBehalfOf: 'ada' },
    });
    const second = await pauseQueue(db, 'notifications', { actor: testActor, reason: 'another' });
    expect(second).toEqual({ changed: false, paused: first.paused });
    expect((await queueNamed('notifications')).paused).toEqual(first.paused);
    expect(await resumeQueue(db, 'notifications', { actor: testActor })).toEqual({ changed: true, paused: null });
    expect(await resumeQueue(db, 'notifications', { actor: testActor })).toEqual({ changed: false, paused: null });
    expect((await queueNamed('notifications')).paused).toBeNull();
    expect(await trail()).toMatchObject([
      { action: 'queue.paused', subject: 'notifications', actor: 'test', onBehalfOf: 'ada', reason: 'bad template' },
      {
        action: 'queue.resumed',
        subject: 'notifications',
        detail: { pause: { actor: 'test', onBehalfOf: 'ada', reason: 'bad template' } },
      },
    ]);
  });

  it('takes effect once if many request it at the same time', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => pauseQueue(db, 'notifications', { actor: testActor })));
    expect(results.filter(({ changed }) => changed)).toHaveLength(1);
    expect(new Set(results.map(({ paused }) => paused?.since.getTime())).size).toBe(1);
    expect(await trail()).toHaveLength(1);
  });

  it('ends so far in the future that no job checks whether it is over', async () => {
    await pauseQueue(db, 'notifications', { actor: testActor });
    const [row] = await db.query(
      `select until > now() + interval '99 years' as "isFar", until - now() is not null as "isFinite" from holds`,
    );
    expect(row).toEqual({ isFar: true, isFinite: true });
  });
});
