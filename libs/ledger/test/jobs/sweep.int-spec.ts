import type { DueCursor, RunnableJob } from '@orderly/jobs';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '@orderly/database';
import { createSweepLedger } from '../../src/index';
import { addJobs, createLedgerDatabase, killProcess, newSyncJob, startProcess, type LedgerDatabase } from '../../src/testing';

let ledger: LedgerDatabase;
let db: Database;
let number = 0;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

async function setUp(jobs: number) {
  const destination = `swept-${(number += 1)}`;
  const queue = `order-sync.${destination}`;
  const ids = await addJobs(
    db,
    Array.from({ length: jobs }, (_, index) => newSyncJob({ destination, orderId: `${destination}-${index}` })),
  );
  return { destination, queue, ids, sweep: createSweepLedger(db, await startProcess(db)) };
}
const setJob = (id: string, change: string) => db.query(`update jobs set ${change} where id = $1`, [id]);
const idsOf = (jobs: readonly RunnableJob[]): string[] => jobs.map(({ id }) => id);

describe('the walk over due jobs', () => {
  it('finds each once, with any page size, even if many are due at the same microsecond', async () => {
    const { queue, ids, sweep } = await setUp(100);
    await db.query(
      `update jobs set run_at = timestamptz '2026-01-01 00:00:00.123456Z' + (n % 4) * interval '1 microsecond'
       from unnest($1::uuid[]) with ordinality as numbered(job_id, n) where id = job_id`,
      [ids],
    );
    for (const limit of [1, 7, 25, 99, 100, 101]) {
      const found: string[] = [];
      let cursor: DueCursor | null = null;
      do {
        const page: Awaited<ReturnType<typeof sweep.duePage>> = await sweep.duePage(queue, cursor, limit, 0);
        expect(page.jobs.length).toBeLessThanOrEqual(limit);
        found.push(...idsOf(page.jobs));
        cursor = page.next;
      } while (cursor !== null);
      expect(found).toHaveLength(100);
      expect(new Set(found).size).toBe(100);
    }
  });

  it('finds jobs that have been runnable or parked and due for long enough, and no others', async () => {
    const { queue, ids, sweep } = await setUp(7);
    const [due, parked, fresh, later, blocked, running, ended] = ids as [string, string, string, string, string, string, string];
    const ago = (seconds: number): string => `run_at = now() - interval '${seconds} s'`;
    await setJob(due, ago(60));
    await setJob(parked, `state = 'parked', ${ago(50)}`);
    await setJob(fresh, ago(0));
    await setJob(later, ago(-60));
    await setJob(blocked, `state = 'blocked', ${ago(60)}`);
    await setJob(running, `state = 'running', claim_token = id, ${ago(60)}`);
    await setJob(ended, `state = 'ended', outcome = 'done', ${ago(60)}`);
    expect(await sweep.duePage(queue, null, 10, 30_000)).toEqual({
      jobs: [due, parked].map((id) => ({ id, name: 'sync-order', queue, priority: 3 })),
      next: null,
    });
    expect(idsOf((await sweep.duePage(queue, null, 10, 0)).jobs)).toEqual([due, parked, fresh]);
  });
});

describe('the search for jobs whose wait is over', () => {
  it('finds a parked job at its deadline and a retry at its time, but no job that never waited or still waits', async () => {
    const { queue, ids, sweep } = await setUp(5);
    const [parked, retry, first, early, old] = ids as [string, string, string, string, string];
    await setJob(parked, `state = 'parked', wait_reason = 'parked', run_at = now() - interval '2 s'`);
    await setJob(retry, `wait_reason = 'retry', run_at = now() - interval '1 s'`);
    await setJob(first, `run_at = now()`);
    await setJob(early, `state = 'parked', wait_reason = 'parked', run_at = now() + interval '9 s'`);
    await setJob(old, `wait_reason = 'retry', run_at = now() - interval '1 minute'`);
    expect(idsOf(await sweep.freshlyDue(queue, 10_000, 10))).toEqual([parked, retry]);
    expect(idsOf(await sweep.freshlyDue(queue, 10_000, 1))).toEqual([parked]);
  });
});

describe('the search for lost jobs', () => {
  it('finds the jobs of a process whose heartbeat is stale or gone, and none of a living process', async () => {
    const { queue, ids, sweep } = await setUp(3);
    const [alive, dying] = [await startProcess(db), await startProcess(db)];
    const owners = [alive, dying, uuidv7()];
    for (const [index, id] of ids.entries()) {
      await db.query(`update jobs set state = 'running', claim_token = id, claimed_by = $2, claimed_at = now() where id = $1`, [
        id,
        owners[index],
      ]);
    }
    expect(idsOf(await sweep.lost(queue, 10))).toEqual([ids[2]]);
    await killProcess(db, dying);
    expect(idsOf(await sweep.lost(queue, 10)).toSorted()).toEqual([ids[1], ids[2]]);
    expect(await sweep.lost(queue, 1)).toHaveLength(1);
  });
});

describe('the repair of lanes', () => {
  const lanes = async (destination: string) =>
    db.query('select order_id, head from lanes where destination = $1 order by order_id', [destination]);

  /** One lane with an ended head and two blocked jobs. */
  async function breakLane() {
    const { destination, queue, ids, sweep } = await setUp(1);
    const orderId = `${destination}-0`;
    const blocked = await addJobs(
      db,
      [2, 3].map((version) => newSyncJob({ destination, orderId, version, state: 'blocked' })),
    );
    await setJob(ids[0]!, `state = 'ended', outcome = 'discarded'`);
    await db.query('insert into lanes (order_id, destination, head) values ($1, $2, $3)', [orderId, destination, ids[0]]);
    return { destination, queue, sweep, orderId, blocked, head: ids[0]! };
  }

  it('makes the first blocked job the head of a lane whose head has ended, once', async () => {
    const { destination, queue, sweep, orderId, blocked } = await breakLane();
    expect(idsOf(await sweep.repairLanes(queue, 10))).toEqual([blocked[0]]);
    expect(await lanes(destination)).toEqual([{ order_id: orderId, head: blocked[0] }]);
    const states = await db.query('select state from jobs where id = any($1) order by version', [blocked]);
    expect(states).toEqual([{ state: 'runnable' }, { state: 'blocked' }]);
    expect(await sweep.repairLanes(queue, 10)).toEqual([]);
  });

  it('frees a lane without open jobs', async () => {
    const { destination, queue, sweep, orderId, blocked } = await breakLane();
    await db.query(`update jobs set state = 'ended', outcome = 'discarded' where id = any($1)`, [blocked]);
    expect(await sweep.repairLanes(queue, 10)).toEqual([]);
    expect(await lanes(destination)).toEqual([{ order_id: orderId, head: null }]);
  });

  it('finds a head that was deleted', async () => {
    const { queue, sweep, blocked, head } = await breakLane();
    await db.query('delete from jobs where id = $1', [head]);
    expect(idsOf(await sweep.repairLanes(queue, 10))).toEqual([blocked[0]]);
  });

  it('does not change a lane that waits for a person, or one that is in use', async () => {
    const { destination, queue, sweep, orderId, head } = await breakLane();
    await db.query('update lanes set blocked_by = head where order_id = $1', [orderId]);
    expect(await sweep.repairLanes(queue, 10)).toEqual([]);
    await db.query('update lanes set blocked_by = null where order_id = $1', [orderId]);
    await db.transaction(async (query) => {
      await query('select 1 from lanes where order_id = $1 for update', [orderId]);
      expect(await sweep.repairLanes(queue, 10)).toEqual([]);
    });
    expect(await lanes(destination)).toEqual([{ order_id: orderId, head }]);
  });

  it('does nothing for a queue without a destination', async () => {
    expect(await createSweepLedger(db, uuidv7()).repairLanes('notifications', 10)).toEqual([]);
  });
});

describe('the lease of a sweep', () => {
  it('belongs to one process at a time, which may renew it, and passes on after it has expired', async () => {
    const sweeps = Array.from({ length: 8 }, () => createSweepLedger(db, uuidv7()));
    const got = await Promise.all(sweeps.map((sweep) => sweep.lease('leased', 60_000)));
    expect(got.filter(Boolean)).toHaveLength(1);
    const holder = sweeps[got.indexOf(true)]!;
    const other = sweeps[got.indexOf(false)]!;
    expect(await holder.lease('leased', 60_000)).toBe(true);
    expect(await other.lease('leased', 60_000)).toBe(false);
    expect(await other.lease('another', 60_000)).toBe(true);
    await db.query(`update leases set until = now() - interval '1 ms' where name like '%leased'`);
    expect(await other.lease('leased', 60_000)).toBe(true);
    expect(await holder.lease('leased', 60_000)).toBe(false);
  });
});
