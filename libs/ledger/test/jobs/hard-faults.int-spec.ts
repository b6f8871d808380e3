import type { Database } from '@orderly/database';
import { createClaimLedger } from '../../src/index';
import { createLedgerDatabase, settlementOf, startProcess, type LedgerDatabase } from '../../src/testing';
import { addHeads, claimedJob, newSyncPlan } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  await db.query('create sequence tries');
});
afterAll(() => ledger.close());

const jobs = 20;

/** Claims 20 jobs of one destination, whose worker then settles them in one statement. */
async function setUp() {
  const plan = newSyncPlan();
  const ids = await addHeads(db, plan.destination, jobs);
  const processId = await startProcess(db);
  const changes: boolean[] = [];
  const wait = { signal: new AbortController().signal, onChange: (isAway: boolean) => void changes.push(isAway) };
  const worker = createClaimLedger({ db, processId, relay: () => undefined, wait }, plan);
  const work = (await Promise.all(ids.map((jobId) => worker.claim({ jobId })))).map(claimedJob);
  const settleAll = () => Promise.allSettled(work.map((job) => worker.settle(settlementOf(job))));
  const ended = async () =>
    (await db.query<{ count: number }>(`select count(*) from jobs where id = any($1) and state = 'ended'`, [ids]))[0]!.count;
  return { ids, settleAll, ended, changes };
}

/** Lets PostgreSQL fail with a code when one job ends: always, or the first few times. */
async function failAt(job: string, code: string, times = 1_000_000): Promise<() => Promise<unknown>> {
  await db.query('alter sequence tries restart');
  await db.query(`
    create or replace function fail_at() returns trigger language plpgsql as $$
    begin
      if new.id = '${job}' and new.state = 'ended' and nextval('tries') <= ${times} then
        raise exception 'raised' using errcode = '${code}';
      end if;
      return new;
    end $$`);
  await db.query('create or replace trigger fail_at before update on jobs for each row execute function fail_at()');
  return () => db.query('drop trigger fail_at on jobs');
}

describe('a settlement of twenty jobs in one statement', () => {
  it.each([
    ['runs out of memory', '53200'],
    ['takes too long', '57014'],
    ['fills its temporary files', '53400'],
    ['meets a lock', '55P03'],
    ['cannot be serialised', '40001'],
    ['is refused', '23514'],
  ])('fails only for the one job that always %s', async (_name, code) => {
    const { ids, settleAll, ended, changes } = await setUp();
    const heal = await failAt(ids[7]!, code);
    const results = await settleAll();
    await heal();
    expect(results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []))).toEqual([7]);
    expect(results[7]).toMatchObject({ reason: { code } });
    expect(await ended()).toBe(jobs - 1);
    expect(changes).toEqual([]);
  });

  it.each([
    ['a deadlock', '40P01', 3],
    ['a statement that was cancelled', '57014', 3],
    ['a lack of memory', '53200', 3],
  ])('ends all of them after %s that passes', async (_name, code, times) => {
    const { ids, settleAll, ended } = await setUp();
    const heal = await failAt(ids[7]!, code, times);
    const results = await settleAll();
    await heal();
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await ended()).toBe(jobs);
  });

  it.each([
    ['whose disk is full', '53100'],
    ['that has no connection left', '53300'],
    ['that became a standby', '25006'],
    ['that shuts down', '57P01'],
    ['whose tables do not exist yet', '42P01'],
  ])('waits for a server %s', async (_name, code) => {
    const { ids, settleAll, ended, changes } = await setUp();
    const heal = await failAt(ids[7]!, code, 2);
    const results = await settleAll();
    await heal();
    expect(results.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await ended()).toBe(jobs);
    expect(changes).toEqual([true, false]);
  });
});
