import type { Verdict } from '@orderly/jobs';
import { eventually } from '@orderly/testing';
import { createDatabase, type Database } from '@orderly/database';
import { createClaimLedger, createOrderApplier } from '../../src/index';
import {
  acceptAll,
  createLedgerDatabase,
  createStatusLedger,
  followUpsTo,
  killProcess,
  planWith,
  readDue,
  settlementOf,
  startProcess,
  statusEvent,
  type LedgerDatabase,
} from '../../src/testing';
import { orderRow, outcomesOf } from '../orders/applying';
import { startLossyProxy, type LossyProxy } from './lossy-proxy';
import { addHeads, claimedJob, newSyncPlan } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;
let proxy: LossyProxy;
let proxied: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  proxy = await startLossyProxy(ledger.url);
  proxied = createDatabase({ url: proxy.url, poolSize: 4, applicationName: 'proxied' });
});
afterEach(() => proxy.open());
afterAll(async () => {
  await proxied.close();
  await proxy.close();
  await ledger.close();
});

async function setUp(jobs = 1) {
  const plan = newSyncPlan();
  const { destination } = plan;
  const ids = await addHeads(db, destination, jobs);
  const changes: boolean[] = [];
  const stop = new AbortController();
  const processId = await startProcess(db);
  const options = {
    db: proxied,
    processId,
    relay: () => undefined,
    wait: { signal: stop.signal, onChange: (isAway: boolean) => void changes.push(isAway) },
  };
  const one = createClaimLedger(options, plan);
  const row = async () => (await db.query('select * from jobs where id = $1', [ids[0]]))[0]!;
  const attempts = () => db.query('select * from attempts where job_id = any($1) order by job_id, number', [ids]);
  return { destination, ids, id: ids[0]!, changes, stop, options, plan, one, row, attempts, processId };
}

const terminate = (): Promise<unknown> =>
  db.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'proxied' and datname = current_database()`,
  );

describe('while the database is away', () => {
  it('calls wait for it and succeed when it is back, and both are reported', async () => {
    const { id, one, changes, row } = await setUp();
    await proxy.cut();
    const claiming = one.claim({ jobId: id });
    await eventually(() => expect(changes).toEqual([true]));
    await proxy.open();
    const job = claimedJob(await claiming);
    expect(changes).toEqual([true, false]);
    expect(await row()).toMatchObject({ state: 'running', tries: 1 });
    await one.settle(settlementOf(job));
  });

  it('a stopping process no longer waits, and the call fails with the error of the database', async () => {
    const { id, one, changes, stop, row } = await setUp();
    await proxy.cut();
    const claiming = one.claim({ jobId: id });
    const failing = expect(claiming).rejects.toThrow(/ECONNREFUSED|terminated/);
    await eventually(() => expect(changes).toEqual([true]));
    stop.abort();
    await failing;
    expect(await row()).toMatchObject({ state: 'runnable', tries: 0 });
  });
});

describe('when connections break at random moments', () => {
  it('each job is claimed once and settled once', async () => {
    const { ids, one, attempts } = await setUp(150);
    let isOver = false;
    const run = Promise.all(
      ids.map(async (jobId) => {
        const job = claimedJob(await one.claim({ jobId }));
        return one.settle(settlementOf(job));
      }),
    ).finally(() => (isOver = true));
    const kill = async (left: number): Promise<void> => {
      if (isOver || left === 0) return;
      await terminate();
      await kill(left - 1);
    };
    await kill(10);
    expect((await run).every(({ settled }) => settled)).toBe(true);
    const rows = await db.query(
      `select 1 from jobs where id = any($1) and outcome = 'done' and tries = 1 and attempts_used = 1 and crashes = 0`,
      [ids],
    );
    expect(rows).toHaveLength(150);
    expect(await attempts()).toHaveLength(150);
  });

  it('orders are applied once', async () => {
    const { options } = await setUp();
    const apply = createOrderApplier(options, planWith({ followUps: followUpsTo('erp') }));
    const events = Array.from({ length: 40 }, (_, index) =>
      statusEvent(`broken-${index % 20}`, index < 20 ? 'pending' : 'confirmed'),
    );
    const ids = await acceptAll(db, events);
    const run = Promise.all(ids.map((jobId) => apply({ jobId })));
    for (let times = 0; times < 5; times += 1) await terminate();
    await run;
    for (const { orderId } of events) expect(await orderRow(db, orderId!)).toMatchObject({ status: 'confirmed', version: 2 });
    expect(await db.query(`select 1 from jobs where order_id like 'broken-%' and destination = 'erp'`)).toHaveLength(40);
  });
});

describe('when the answer to a committed statement is lost', () => {
  const loseAnswerTo = async <Result>(text: string, work: () => Promise<Result>): Promise<Result> => {
    const before = proxy.lost();
    proxy.loseAnswerTo(text);
    const result = await work();
    expect(proxy.lost()).toBe(before + 1);
    return result;
  };

  it('the claim belongs to its caller, so the job is not stuck', async () => {
    const { id, one, row, attempts } = await setUp();
    const job = claimedJob(await loseAnswerTo('claimed as (', () => one.claim({ jobId: id })));
    expect(job).toMatchObject({ tries: 1, crashes: 0 });
    expect(await row()).toMatchObject({ state: 'running', claim_token: job.token, tries: 1 });
    expect(await attempts()).toEqual([]);
    expect(await one.settle(settlementOf(job))).toEqual({ settled: true });
  });

  it('a claim that was taken over still reports the lost try', async () => {
    const { id, one, options, plan, attempts } = await setUp();
    const dying = await startProcess(db);
    await createClaimLedger({ ...options, db, processId: dying }, plan).claim({ jobId: id });
    await killProcess(db, dying);
    const job = claimedJob(await loseAnswerTo('claimed as (', () => one.claim({ jobId: id })));
    expect(job).toMatchObject({ tries: 2, crashes: 1 });
    expect(await attempts()).toMatchObject([{ number: 1, outcome: 'lost' }]);
  });

  it('the claim belongs to its caller although a hold began meanwhile', async () => {
    const { id, one, destination, changes } = await setUp();
    const claiming = loseAnswerTo('claimed as (', () => one.claim({ jobId: id }));
    await eventually(() => expect(changes).toEqual([true]), { intervalMs: 2 });
    await db.query(
      `insert into holds (scope, key, reason, until) values ('destination', $1, 'throttled', now() + interval '1 h')`,
      [destination],
    );
    claimedJob(await claiming);
  });

  it.each<[string, Verdict | undefined, object]>([
    ['done', undefined, { state: 'ended', outcome: 'done', attempts_used: 1 }],
    [
      'to be tried again',
      { kind: 'again', delayMs: 60_000, usesAttempt: true, waitReason: 'retry' },
      { state: 'runnable', attempts_used: 1, wait_reason: 'retry' },
    ],
  ])('a job that is %s is settled once, and its worker is told so', async (_name, verdict, expected) => {
    const { id, one, row, attempts } = await setUp();
    const job = claimedJob(await one.claim({ jobId: id }));
    const text = verdict ? 'settled as (' : 'commit';
    expect(await loseAnswerTo(text, () => one.settle(settlementOf(job, verdict)))).toEqual({ settled: true });
    expect(await row()).toMatchObject({ ...expected, tries: 1 });
    expect(await attempts()).toHaveLength(1);
  });

  it('a failed apply uses one attempt', async () => {
    const { options } = await setUp();
    const [id] = await acceptAll(db, [statusEvent('charged', 'pending')]);
    const status = createStatusLedger(options);
    const job = await readDue(status, id!);
    const again: Verdict = { kind: 'again', delayMs: 60_000, usesAttempt: true, waitReason: 'retry' };
    expect(await loseAnswerTo('settled as (', () => status.settle(settlementOf(job, again)))).toEqual({ settled: true });
    const [row] = await db.query('select attempts_used, tries from jobs where id = $1', [id]);
    expect(row).toEqual({ attempts_used: 1, tries: 1 });
  });

  it('an order is applied once', async () => {
    const { options } = await setUp();
    const apply = createOrderApplier(options, planWith({ followUps: followUpsTo('erp') }));
    const [jobId] = await acceptAll(db, [statusEvent('once', 'pending')]);
    await loseAnswerTo('commit', () => apply({ jobId: jobId! }));
    expect(await orderRow(db, 'once')).toMatchObject({ version: 1 });
    expect(await outcomesOf(db, 'once')).toEqual(['done']);
    expect(await db.query(`select 1 from messages where order_id = 'once'`)).toHaveLength(1);
  });
});
