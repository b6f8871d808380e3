import type { ClaimedJob, RunnableJob, Verdict } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createClaimLedger } from '../../src/index';
import {
  acceptEvent,
  addJobs,
  createLedgerDatabase,
  createStatusLedger,
  type LedgerDatabase,
  newSyncJob,
  readDue,
  settlementOf,
  startProcess,
} from '../../src/testing';
import { addHeads, claimedJob, newSyncPlan, wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

/** Claims new jobs, each the head of its lane. */
async function setUp(jobs = 1) {
  const plan = newSyncPlan();
  const { destination } = plan;
  const ids = await addHeads(db, destination, jobs);
  const relayed: RunnableJob[] = [];
  const batches: number[] = [];
  const processId = await startProcess(db);
  const one = createClaimLedger(
    {
      db,
      processId,
      relay: (runnable) => relayed.push(...runnable),
      wait,
      onBatch: (operation, size) => operation === 'settle' && batches.push(size),
    },
    plan,
  );
  const claim = async (jobId: string): Promise<ClaimedJob> => claimedJob(await one.claim({ jobId }));
  const claimed = await Promise.all(ids.map(claim));
  return { destination, ids, processId, one, claimed, job: claimed[0]!, claim, relayed, batches };
}

const jobRow = async (id: string) =>
  (await db.query('select *, extract(epoch from run_at - now())::float8 * 1000 as due_in_ms from jobs where id = $1', [id]))[0]!;
const attemptRows = (id: string) => db.query('select * from attempts where job_id = $1 order by number', [id]);
const laneRow = async (job: ClaimedJob) =>
  (await db.query('select * from lanes where order_id = $1 and destination = $2', [job.orderId, job.destination]))[0]!;
const again = (more: Partial<Extract<Verdict, { kind: 'again' }>>): Verdict => ({
  kind: 'again',
  delayMs: 30_000,
  usesAttempt: true,
  waitReason: 'retry',
  ...more,
});
const noClaim = { claim_token: null, claimed_by: null, claimed_at: null };

describe('a settlement', () => {
  it('ends a job that is done, logs the attempt, and advances the confirmed version of the destination', async () => {
    const { one, job, processId } = await setUp();
    const attempt = { versionSent: 1, responseStatus: 200, responseExcerpt: '{"ok":true}', confirmationId: 'p-1', traceId: 'ab' };
    expect(await one.settle(settlementOf(job, undefined, { attempt }))).toEqual({ settled: true });
    expect(await jobRow(job.id)).toMatchObject({
      state: 'ended',
      outcome: 'done',
      result_version: 1,
      attempts_used: 1,
      ...noClaim,
    });
    expect(await attemptRows(job.id)).toMatchObject([
      {
        number: 1,
        outcome: 'done',
        used_attempt: true,
        version_sent: 1,
        response_status: 200,
        response_excerpt: '{"ok":true}',
        confirmation_id: 'p-1',
        trace_id: 'ab',
        process_id: processId,
      },
    ]);
    expect(await laneRow(job)).toMatchObject({ head: null, acked_version: 1, blocked_by: null });
  });

  it('for another attempt uses one, and records when and why the job runs again', async () => {
    const { one, job, claim } = await setUp();
    // An earlier try was lost with its process. The process survives this one, so the job is no longer a suspect.
    await db.query('update jobs set crashes = 1 where id = $1', [job.id]);
    await one.settle(settlementOf(job, again({}), { attempt: { errorCode: 'destination-failed', responseStatus: 500 } }));
    const row = await jobRow(job.id);
    expect(row).toMatchObject({
      state: 'runnable',
      wait_reason: 'retry',
      attempts_used: 1,
      error_code: 'destination-failed',
      ...noClaim,
    });
    expect(row.due_in_ms).toBeGreaterThan(25_000);
    expect(row.due_in_ms).toBeLessThanOrEqual(30_000);
    expect(await laneRow(job)).toMatchObject({ head: job.id });
    await db.query('update jobs set run_at = now() where id = $1', [job.id]);
    expect(await claim(job.id)).toMatchObject({ attemptsUsed: 1, tries: 2, crashes: 0 });
  });

  it.each(['throttled', 'held', 'handed-back'] as const)('uses no attempt for a job that is %s', async (waitReason) => {
    const { one, job } = await setUp();
    await one.settle(settlementOf(job, again({ waitReason, usesAttempt: false })));
    expect(await jobRow(job.id)).toMatchObject({ state: 'runnable', wait_reason: waitReason, attempts_used: 0, tries: 1 });
    expect(await attemptRows(job.id)).toMatchObject([{ number: 1, outcome: waitReason, used_attempt: false }]);
  });

  it('holds the whole destination when one job is throttled', async () => {
    const { one, job, destination } = await setUp(2);
    await one.settle(
      settlementOf(job, again({ waitReason: 'throttled', usesAttempt: false, hold: { reason: 'throttled', forMs: 5000 } })),
    );
    const [hold] = await db.query('select *, until > now() + interval $$4 s$$ as long from holds where key = $1', [destination]);
    expect(hold).toMatchObject({ scope: 'destination', reason: 'throttled', long: true });
  });

  it('writes the dead letter in the same statement if the job failed for good', async () => {
    const { one, job } = await setUp();
    const dead: Verdict = { kind: 'dead', code: 'destination-refused', message: 'no', fingerprint: 'destination-refused:x' };
    await one.settle(settlementOf(job, dead));
    expect(await jobRow(job.id)).toMatchObject({
      state: 'ended',
      outcome: 'dead',
      error_code: 'destination-refused',
      error_message: 'no',
      fingerprint: 'destination-refused:x',
      attempts_used: 1,
    });
  });

  it('ends the job and blocks its lane if the outcome is unknown', async () => {
    const { one, job } = await setUp();
    await one.settle(settlementOf(job, { kind: 'ended', outcome: 'unknown', reason: 'x' }, { laneStep: 'block' }));
    expect(await jobRow(job.id)).toMatchObject({ state: 'ended', outcome: 'unknown', error_message: 'x' });
    expect(await laneRow(job)).toMatchObject({ head: null, blocked_by: job.id, acked_version: 0 });
  });

  it('changes nothing with an old token, whatever its verdict', async () => {
    const { one, job, claim } = await setUp();
    await one.settle(settlementOf(job, again({ delayMs: 0, waitReason: 'handed-back', usesAttempt: false })));
    await claim(job.id);
    const before = await Promise.all([jobRow(job.id), laneRow(job)]);
    const hold = { reason: 'destination-unauthorized', forMs: 60_000 };
    for (const verdict of [
      undefined,
      again({ hold }),
      { kind: 'dead', code: 'job-failed', message: '', fingerprint: 'x' } as const,
    ]) {
      const late = { ...job, tries: 9 };
      expect(await one.settle(settlementOf(late, verdict))).toEqual({ settled: false });
    }
    const { due_in_ms: _then, ...row } = await jobRow(job.id);
    expect(before[0]).toMatchObject(row);
    expect(await laneRow(job)).toEqual(before[1]);
    expect(await attemptRows(job.id)).toHaveLength(1);
    expect(await db.query('select 1 from holds where key = $1', [job.destination])).toEqual([]);
  });

  it('shares a transaction with 199 others', async () => {
    const { one, claimed, batches, ids } = await setUp(200);
    const results = await Promise.all(claimed.map((job) => one.settle(settlementOf(job))));
    expect(results.every(({ settled }) => settled)).toBe(true);
    expect(batches).toEqual([200]);
    const [counts] = await db.query(
      `select count(*) as jobs, count(distinct j.xmin::text) as transactions from jobs j where id = any($1) and outcome = 'done'`,
      [ids],
    );
    expect(counts).toEqual({ jobs: 200, transactions: 1 });
    expect(await db.query('select 1 from attempts where job_id = any($1)', [ids])).toHaveLength(200);
  });

  it('fails alone if no column can store it: the others of its batch are written, and its job stays claimed', async () => {
    const { one, claimed } = await setUp(50);
    const results = await Promise.allSettled(
      claimed.map((job, index) =>
        one.settle(settlementOf(job, undefined, { attempt: { responseExcerpt: index === 31 ? 'a\0b' : 'ab' } })),
      ),
    );
    expect(results.flatMap(({ status }, index) => (status === 'rejected' ? [index] : []))).toEqual([31]);
    expect(await jobRow(claimed[31]!.id)).toMatchObject({ state: 'running', claim_token: claimed[31]!.token });
    expect(await attemptRows(claimed[31]!.id)).toEqual([]);
    const rest = await db.query(`select 1 from jobs where id = any($1) and outcome = 'done'`, [claimed.map(({ id }) => id)]);
    expect(rest).toHaveLength(49);
    expect(await one.settle(settlementOf(claimed[31]!))).toEqual({ settled: true });
  });

  it('gives the next head to the relay, after the commit', async () => {
    const { one, job, destination, relayed } = await setUp();
    const next = newSyncJob({ destination, orderId: job.orderId!, version: 2, state: 'blocked' });
    await addJobs(db, [next]);
    await one.settle(settlementOf(job));
    expect(relayed).toEqual([{ id: next.id, name: 'sync-order', queue: `order-sync.${destination}`, priority: 3 }]);
    expect(await jobRow(next.id)).toMatchObject({ state: 'runnable', wait_reason: null });
    expect(await laneRow(job)).toMatchObject({ head: next.id, acked_version: 1 });
  });
});

describe('a settlement without a claim', () => {
  it('uses one attempt of a job, even if many deliveries of it failed at once', async () => {
    const id = await acceptEvent(db, { orderId: 'twice' });
    const open = async () => createStatusLedger({ db, processId: await startProcess(db), relay: () => undefined, wait });
    const [a, b] = [await open(), await open()];
    const [first, second] = [await readDue(a, id), await readDue(b, id)];
    await a.settle(settlementOf(first, again({})));
    expect(await b.settle(settlementOf(second, again({})))).toEqual({ settled: false });
    expect(await jobRow(id)).toMatchObject({ state: 'runnable', attempts_used: 1, tries: 1, wait_reason: 'retry' });
    expect(await attemptRows(id)).toHaveLength(1);
  });

  it('does not end a job that has already ended', async () => {
    const id = await acceptEvent(db, { orderId: 'over' });
    const one = createStatusLedger({ db, processId: await startProcess(db), relay: () => undefined, wait });
    const job = await readDue(one, id);
    await db.query(`update jobs set state = 'ended', outcome = 'done' where id = $1`, [id]);
    const dead: Verdict = { kind: 'dead', code: 'job-failed', message: '', fingerprint: 'x' };
    expect(await one.settle(settlementOf(job, dead))).toEqual({ settled: false });
    expect(await jobRow(id)).toMatchObject({ outcome: 'done', attempts_used: 0 });
  });

  it('holds nothing: only a claimed job can be the probe that ends a hold', async () => {
    const id = await acceptEvent(db, { orderId: 'holds-nothing' });
    const one = createStatusLedger({ db, processId: await startProcess(db), relay: () => undefined, wait });
    const hold = { reason: 'configuration-invalid', forMs: 60_000 };
    await one.settle(settlementOf(await readDue(one, id), again({ waitReason: 'held', usesAttempt: false, hold })));
    expect(await jobRow(id)).toMatchObject({ state: 'runnable', wait_reason: 'held', attempts_used: 0 });
    expect(await db.query(`select from holds where key = 'order-status'`)).toEqual([]);
  });
});
