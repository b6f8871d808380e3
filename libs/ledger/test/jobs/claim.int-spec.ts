import { newJob, type NewJob } from '@orderly/jobs';
import { sendNotification } from '@orderly/contracts';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '@orderly/database';
import { createClaimLedger, createProcessRegistry } from '../../src/index';
import {
  acceptEvent,
  addJobs,
  createLedgerDatabase,
  createStatusLedger,
  killProcess,
  type LedgerDatabase,
  readDue,
  settlementOf,
  startProcess,
} from '../../src/testing';
import { addSyncJobs, claimedJob, newSyncPlan, wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

async function setUp(jobs = 1, change: Partial<NewJob> = {}) {
  const plan = newSyncPlan();
  const { destination } = plan;
  const ids = await addSyncJobs(db, destination, jobs, change);
  const processId = await startProcess(db);
  const open = (by: string, { sendsNewest = false, on = db } = {}) =>
    createClaimLedger({ db: on, processId: by, relay: () => undefined, wait }, { ...plan, sendsNewest });
  return { destination, ids, id: ids[0]!, processId, one: open(processId), open };
}

const jobRow = async (id: string) => (await db.query('select * from jobs where id = $1', [id]))[0]!;
const attemptRows = (id: string) => db.query('select * from attempts where job_id = $1 order by number', [id]);

describe('a claim', () => {
  it('gives each of 200 jobs to one of two processes that claim all of them at once', async () => {
    const { ids, one: first, open } = await setUp(200);
    const second = open(await startProcess(db), { on: ledger.connect() });
    const [a, b] = await Promise.all([first, second].map((one) => Promise.all(ids.map((jobId) => one.claim({ jobId })))));
    ids.forEach((_id, index) => expect([a![index]!.kind, b![index]!.kind].toSorted()).toEqual(['claimed', 'later']));
    const rows = await db.query('select 1 from jobs where id = any($1) and tries = 1', [ids]);
    expect(rows).toHaveLength(200);
  });

  it('is given once to two deliveries in one batch', async () => {
    const { id, one } = await setUp();
    const results = await Promise.all([one.claim({ jobId: id }), one.claim({ jobId: id }), one.claim({ jobId: id })]);
    expect(results.map(({ kind }) => kind)).toEqual(['claimed', 'later', 'later']);
    expect(await jobRow(id)).toMatchObject({ tries: 1, claim_token: claimedJob(results[0]).token });
  });

  it('records the token, the process and the version that will be sent', async () => {
    const { id, processId, one, destination } = await setUp();
    await db.query(`insert into lanes (order_id, destination, head, acked_version) values ($1, $2, $3, 7)`, [
      `${destination}-0`,
      destination,
      id,
    ]);
    const job = claimedJob(await one.claim({ jobId: id }));
    expect(job).toMatchObject({ id, tries: 1, attemptsUsed: 0, crashes: 0, isProbe: false, ackedVersion: 7 });
    expect(await jobRow(id)).toMatchObject({
      state: 'running',
      claim_token: job.token,
      claimed_by: processId,
      intent_version: 1,
      wait_reason: null,
    });
  });

  it('records the newest version of the order for a latest-state destination', async () => {
    const { id, destination, processId, open } = await setUp();
    await db.query(`insert into orders (order_id, status, version) values ($1, 'shipped', 9)`, [`${destination}-0`]);
    const job = claimedJob(await open(processId, { sendsNewest: true }).claim({ jobId: id }));
    expect(job).toMatchObject({ version: 1, intentVersion: 9 });
  });

  it('returns `later` with the remaining time for a job that is not due', async () => {
    const { id, one } = await setUp();
    await db.query(`update jobs set run_at = now() + interval '20 s' where id = $1`, [id]);
    const result = await one.claim({ jobId: id });
    expect(result.kind).toBe('later');
    expect((result as { delayMs: number }).delayMs).toBeGreaterThan(15_000);
    expect((result as { delayMs: number }).delayMs).toBeLessThanOrEqual(20_000);
  });

  it.each(['blocked', 'parked', 'ended'])('returns that there is nothing to do for a job that is %s', async (state) => {
    const { id, one } = await setUp();
    await db.query(`update jobs set state = $2, outcome = case when $2 = 'ended' then 'done' end where id = $1`, [id, state]);
    expect(await one.claim({ jobId: id })).toEqual({ kind: 'idle' });
  });

  it('returns `missing` for an unknown id, or an id of another queue', async () => {
    const { one } = await setUp();
    const { id: other } = await setUp();
    expect(await one.claim({ jobId: uuidv7() })).toEqual({ kind: 'missing' });
    expect(await one.claim({ jobId: other })).toEqual({ kind: 'missing' });
    expect(await jobRow(other)).toMatchObject({ state: 'runnable' });
  });

  it('returns `later` while a living process has the job, and changes nothing', async () => {
    const { id, one, open } = await setUp();
    const { token } = claimedJob(await one.claim({ jobId: id }));
    const second = open(await startProcess(db));
    expect(await second.claim({ jobId: id })).toMatchObject({ kind: 'later' });
    expect(await one.claim({ jobId: id })).toMatchObject({ kind: 'later' });
    expect(await jobRow(id)).toMatchObject({ claim_token: token, tries: 1, crashes: 0 });
    expect(await attemptRows(id)).toEqual([]);
  });

  it.each<[string, (db: Database, id: string) => Promise<unknown>]>([
    ['has gone stale', killProcess],
    ['is gone', (of, id) => createProcessRegistry(of, id, 'test').leave()],
  ])('is taken over when the heartbeat of its process %s: this counts a crash, but no attempt', async (_name, end) => {
    const { id, one, open, processId } = await setUp();
    const lost = claimedJob(await one.claim({ jobId: id }));
    await end(db, processId);
    const heir = open(await startProcess(db));
    const job = claimedJob(await heir.claim({ jobId: id }));
    expect(job).toMatchObject({ crashes: 1, tries: 2, attemptsUsed: 0 });
    expect(job.token).not.toBe(lost.token);
    const [attempt, ...others] = await attemptRows(id);
    expect(attempt).toMatchObject({ number: 1, outcome: 'lost', used_attempt: false, version_sent: 1, process_id: processId });
    expect(others).toEqual([]);
  });

  it('can settle nothing after it was taken over', async () => {
    const { id, one, open, processId } = await setUp();
    const lost = claimedJob(await one.claim({ jobId: id }));
    await killProcess(db, processId);
    const heir = open(await startProcess(db));
    const job = claimedJob(await heir.claim({ jobId: id }));
    const before = await jobRow(id);
    expect(await one.settle(settlementOf(lost))).toEqual({ settled: false });
    expect(await jobRow(id)).toEqual(before);
    expect(await attemptRows(id)).toHaveLength(1);
    expect(await heir.settle(settlementOf(job))).toEqual({ settled: true });
    expect(await jobRow(id)).toMatchObject({ state: 'ended', outcome: 'done', attempts_used: 1, crashes: 1 });
  });

  it('marks a message as being sent', async () => {
    const processId = await startProcess(db);
    const [id] = await addJobs(db, [newJob(sendNotification, { orderId: 'm', version: 1, kind: 'created' }, { orderId: 'm' })]);
    await db.query(
      `insert into messages (id, order_id, version, kind, channel, state) values ($1, 'm', 1, 'created', 'email', 'queued')`,
      [id],
    );
    const messages = createClaimLedger(
      { db, processId, relay: () => undefined, wait },
      { queue: 'notifications', destination: null, sendsNewest: false, sendsMessages: true },
    );
    const job = claimedJob(await messages.claim({ jobId: id! }));
    const state = async () => (await db.query('select state, provider_id, reason from messages where id = $1', [id]))[0];
    expect(await state()).toMatchObject({ state: 'sending' });
    await messages.settle(settlementOf(job, undefined, { message: { state: 'sent', providerId: '<x>' } }));
    expect(await state()).toEqual({ state: 'sent', provider_id: '<x>', reason: null });
  });

  it('only reads the job if the row lock of the order makes a claim unnecessary', async () => {
    const id = await acceptEvent(db, { orderId: 'looked-at' });
    const status = createStatusLedger({ db, processId: await startProcess(db), relay: () => undefined, wait });
    expect(await readDue(status, id)).toMatchObject({ tries: 1 });
    expect(await jobRow(id)).toMatchObject({ state: 'runnable', tries: 0 });
    expect(await status.read(uuidv7())).toEqual({ kind: 'missing' });
    await db.query(`update jobs set state = 'parked', run_at = now() + interval '1 hour' where id = $1`, [id]);
    expect(await status.read(id)).toEqual({ kind: 'idle' });
    await db.query(`update jobs set run_at = now() where id = $1`, [id]);
    expect(await status.read(id)).toMatchObject({ kind: 'due' });
    await db.query(
      `insert into holds (scope, key, reason, until) values ('queue', 'order-status', 'paused', now() + interval '1 h')`,
    );
    expect(await status.read(id)).toMatchObject({ kind: 'held' });
  });
});
