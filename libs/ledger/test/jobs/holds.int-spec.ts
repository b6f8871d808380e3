import { newJob, type ClaimResult, type Verdict } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { sendNotification } from '@orderly/contracts';
import { createClaimLedger, pauseQueue } from '../../src/index';
import { addJobs, createLedgerDatabase, settlementOf, startProcess, testActor, type LedgerDatabase } from '../../src/testing';
import { addSyncJobs, newSyncPlan, wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

async function setUp(jobs = 10) {
  const plan = newSyncPlan();
  const { destination } = plan;
  const ids = await addSyncJobs(db, destination, jobs);
  const open = async (on = db) =>
    createClaimLedger({ db: on, processId: await startProcess(db), relay: () => undefined, wait }, plan);
  const hold = (reason: string, inSeconds: number) =>
    db.query(
      `insert into holds (scope, key, reason, until) values ('destination', $1, $2, now() + make_interval(secs => $3))
       on conflict (scope, key) do update set reason = excluded.reason, until = excluded.until`,
      [destination, reason, inSeconds],
    );
  const holdRow = async () =>
    (
      await db.query<{ reason: string; ms: number }>(
        `select reason, extract(epoch from until - now())::float8 * 1000 as ms from holds where key = $1`,
        [destination],
      )
    )[0];
  const claimAll = (of: Awaited<ReturnType<typeof open>>) => Promise.all(ids.map((jobId) => of.claim({ jobId })));
  return { destination, ids, open, hold, holdRow, claimAll, one: await open() };
}

const claimedOf = (results: readonly ClaimResult[]) =>
  results.flatMap((result) => (result.kind === 'claimed' ? [result.job] : []));
const again = (more: Partial<Extract<Verdict, { kind: 'again' }>>): Verdict => ({
  kind: 'again',
  delayMs: 60_000,
  usesAttempt: false,
  waitReason: 'held',
  ...more,
});

describe('a hold', () => {
  it('stops the claims of its destination, and reports for how long', async () => {
    const { hold, claimAll, one } = await setUp();
    await hold('throttled', 30);
    for (const result of await claimAll(one)) {
      expect(result.kind).toBe('held');
      expect((result as { delayMs: number }).delayMs).toBeGreaterThan(25_000);
    }
  });

  it('does not affect other destinations', async () => {
    const held = await setUp(1);
    const free = await setUp(1);
    await held.hold('throttled', 30);
    expect(claimedOf(await free.claimAll(free.one))).toHaveLength(1);
  });

  it('for throttling is over when its time has passed', async () => {
    const { hold, claimAll, one } = await setUp();
    await hold('throttled', -0.001);
    const jobs = claimedOf(await claimAll(one));
    expect(jobs).toHaveLength(10);
    expect(jobs.every(({ isProbe }) => !isProbe)).toBe(true);
  });

  it('of a whole queue stops the claims of the queue', async () => {
    const { destination, claimAll, one } = await setUp();
    await db.query(
      `insert into holds (scope, key, reason, until) values ('queue', 'order-sync.' || $1, 'paused', now() + interval '1 h')`,
      [destination],
    );
    expect((await claimAll(one)).every(({ kind }) => kind === 'held')).toBe(true);
  });

  it('for a wrong configuration admits exactly one probe when it is due, even if many processes ask at once', async () => {
    const connections = [db, ledger.connect(2), ledger.connect(2), ledger.connect(2)];
    for (let round = 0; round < 20; round += 1) {
      const { ids, hold, open, holdRow } = await setUp(8);
      await hold('destination-unauthorized', -1);
      const processes = await Promise.all(connections.map((on) => open(on)));
      const results = await Promise.all(ids.map((jobId, index) => processes[index % 4]!.claim({ jobId })));
      expect(claimedOf(results)).toMatchObject([{ isProbe: true }]);
      expect(results.filter(({ kind }) => kind === 'held')).toHaveLength(7);
      expect((await holdRow())!.ms).toBeGreaterThan(50_000);
    }
  });

  it('is released when its probe succeeds', async () => {
    const { hold, claimAll, one, holdRow } = await setUp();
    await hold('destination-unauthorized', -1);
    const [probe] = claimedOf(await claimAll(one));
    await one.settle(settlementOf(probe!));
    expect(await holdRow()).toBeUndefined();
    expect(claimedOf(await claimAll(one))).toHaveLength(9);
  });

  it('is released by an answer that refuses only the order, because the credentials were accepted', async () => {
    const { hold, claimAll, one, holdRow } = await setUp();
    await hold('destination-unauthorized', -1);
    const [probe] = claimedOf(await claimAll(one));
    const dead: Verdict = { kind: 'dead', code: 'destination-refused', message: '422', fingerprint: 'x' };
    await one.settle(settlementOf(probe!, dead, { attempt: { responseStatus: 422 } }));
    expect(await holdRow()).toBeUndefined();
  });

  it('is renewed when its probe is refused again', async () => {
    const { hold, claimAll, one, holdRow } = await setUp();
    await hold('destination-unauthorized', -1);
    const [probe] = claimedOf(await claimAll(one));
    await one.settle(settlementOf(probe!, again({ hold: { reason: 'destination-unauthorized', forMs: 90_000 } })));
    expect((await holdRow())!.ms).toBeGreaterThan(80_000);
    expect(claimedOf(await claimAll(one))).toEqual([]);
  });

  it.each<[string, Verdict]>([
    ['fails without an answer about the credentials', again({ waitReason: 'retry', usesAttempt: true })],
    ['is handed back', again({ waitReason: 'handed-back', delayMs: 0 })],
    ['had nothing to send', { kind: 'ended', outcome: 'superseded' }],
    ['uses its last attempt without an answer', { kind: 'dead', code: 'destination-timeout', message: '', fingerprint: 'x' }],
  ])('stays when its probe %s', async (_name, verdict) => {
    const { hold, claimAll, one, holdRow } = await setUp();
    await hold('destination-unauthorized', -1);
    const [probe] = claimedOf(await claimAll(one));
    await one.settle(settlementOf(probe!, verdict));
    expect((await holdRow())!.ms).toBeGreaterThan(50_000);
    expect(claimedOf(await claimAll(one))).toEqual([]);
  });

  it('is replaced by throttling if the probe succeeds while another job of its batch is throttled', async () => {
    const { destination, hold, open, holdRow, ids } = await setUp(2);
    const one = await open();
    const early = claimedOf([await one.claim({ jobId: ids[1]! })])[0]!;
    await hold('destination-unauthorized', -1);
    const probe = claimedOf([await one.claim({ jobId: ids[0]! })])[0]!;
    const throttled = again({ waitReason: 'throttled', hold: { reason: 'throttled', forMs: 30_000 } });
    const results = await Promise.all([one.settle(settlementOf(probe)), one.settle(settlementOf(early, throttled))]);
    expect(results).toEqual([{ settled: true }, { settled: true }]);
    expect(await holdRow()).toMatchObject({ reason: 'throttled' });
    expect(destination).toBe(probe.destination);
  });

  it('for throttling is deleted by the next settlement after its end', async () => {
    const { hold, claimAll, one, holdRow } = await setUp(1);
    await hold('throttled', -1);
    await one.settle(settlementOf(claimedOf(await claimAll(one))[0]!));
    expect(await holdRow()).toBeUndefined();
  });

  it('begins anew when its reason changes', async () => {
    const { destination, hold, claimAll, one } = await setUp(1);
    await hold('throttled', -1);
    await db.query(`update holds set since = now() - interval '1 hour' where key = $1`, [destination]);
    const [job] = claimedOf(await claimAll(one));
    await one.settle(settlementOf(job!, again({ hold: { reason: 'destination-unauthorized', forMs: 60_000 } })));
    expect(
      await db.query(`select reason from holds where key = $1 and since > now() - interval '1 minute'`, [destination]),
    ).toEqual([{ reason: 'destination-unauthorized' }]);
  });
});

describe('a hold of a queue without a destination', () => {
  const queue = 'notifications';
  const heldBy = again({ hold: { reason: 'configuration-invalid', forMs: 60_000 } });
  const queueHolds = () => db.query(`select reason from holds where scope = 'queue' and key = $1`, [queue]);
  const setUpMail = async () => {
    const facts = { orderId: 'mail', version: 1 };
    const jobs = Array.from({ length: 3 }, () => newJob(sendNotification, { ...facts, kind: 'shipped' }, facts));
    const claims = createClaimLedger(
      { db, processId: await startProcess(db), relay: () => undefined, wait },
      { queue, destination: null, sendsNewest: false, sendsMessages: true },
    );
    const ids = await addJobs(db, jobs);
    const claimAll = () => Promise.all(ids.map((jobId) => claims.claim({ jobId })));
    const [first] = claimedOf([await claims.claim({ jobId: ids[0]! })]);
    return { claims, claimAll, first: first! };
  };
  afterEach(() => db.query(`delete from holds where scope = 'queue'`));

  it('is stored in the ledger, admits one probe when it is due, and ends with its success', async () => {
    const { claims, claimAll, first } = await setUpMail();
    await claims.settle(settlementOf(first, heldBy));
    expect(await queueHolds()).toEqual([{ reason: 'configuration-invalid' }]);
    expect(claimedOf(await claimAll())).toEqual([]);
    await db.query(`update holds set until = now() where scope = 'queue'`);
    const probes = claimedOf(await claimAll());
    expect(probes).toMatchObject([{ isProbe: true }]);
    await claims.settle(settlementOf(probes[0]!));
    expect(await queueHolds()).toEqual([]);
  });

  it('neither replaces nor ends a pause', async () => {
    const { claims, claimAll, first } = await setUpMail();
    const [second] = claimedOf(await claimAll());
    await pauseQueue(db, queue, { actor: testActor });
    await claims.settle(settlementOf(first, heldBy));
    expect(await queueHolds()).toEqual([{ reason: 'paused' }]);
    expect(await claims.settle(settlementOf({ ...second!, isProbe: true }))).toEqual({ settled: true });
    expect(await queueHolds()).toEqual([{ reason: 'paused' }]);
  });
});
