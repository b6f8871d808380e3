import type { Database } from '@orderly/database';
import { createClaimLedger, createOrderApplier, findPause, pause, pauseQueue, resume } from '../../src/index';
import {
  acceptEvent,
  addJobs,
  createLedgerDatabase,
  newSyncJob,
  planWith,
  startProcess,
  testActor,
  type LedgerDatabase,
} from '../../src/testing';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const by = { actor: testActor, reason: 'test' };
const wait = { signal: new AbortController().signal };

async function setUp(orderId: string) {
  const options = { db, processId: await startProcess(db), relay: () => undefined, wait };
  const [syncId = ''] = await addJobs(db, [newSyncJob({ orderId })]);
  const eventId = await acceptEvent(db, { orderId });
  const sync = createClaimLedger(options, {
    queue: 'order-sync.erp',
    destination: 'erp',
    sendsNewest: false,
    sendsMessages: false,
  });
  const apply = createOrderApplier(options, planWith());
  return {
    claim: () => sync.claim({ jobId: syncId }),
    apply: () => apply({ jobId: eventId }),
  };
}

describe('a paused order', () => {
  it('starts no job of any kind, uses no attempt, and goes on after the resume', async () => {
    const order = await setUp('o-1');
    const other = await setUp('o-2');
    await db.transaction((query) => pause(query, 'order', 'o-1', by));
    for (const start of [order.claim, order.apply]) {
      expect(await start()).toEqual({ kind: 'later', delayMs: 5000 });
    }
    expect(await other.claim()).toMatchObject({ kind: 'claimed' });
    expect(await other.apply()).toMatchObject({ kind: 'ended', outcome: 'done' });
    expect(await db.query(`select sum(tries)::int as tries from jobs where order_id = 'o-1'`)).toEqual([{ tries: 0 }]);
    await db.transaction((query) => resume(query, 'order', 'o-1', by));
    expect(await order.claim()).toMatchObject({ kind: 'claimed' });
    expect(await order.apply()).toMatchObject({ kind: 'ended', outcome: 'done' });
  });

  it('leaves a running job to its end', async () => {
    const order = await setUp('o-3');
    const claimed = await order.claim();
    await db.transaction((query) => pause(query, 'order', 'o-3', by));
    expect(claimed).toMatchObject({ kind: 'claimed' });
    expect(await order.claim()).toEqual({ kind: 'later', delayMs: 5000 });
  });
});

describe('a pause with an end', () => {
  it('ends by itself, for an order and for a queue', async () => {
    const order = await setUp('o-4');
    await db.transaction((query) => pause(query, 'order', 'o-4', { ...by, forSeconds: 2 }));
    expect(await order.claim()).toMatchObject({ kind: 'later' });
    await pauseQueue(db, 'order-sync.erp', { ...by, forSeconds: 60 });
    expect(await order.claim()).toMatchObject({ kind: 'held' });
    await db.query(`update holds set until = now()`);
    expect(await findPause(db.query, 'queue', 'order-sync.erp')).toBeNull();
    // All at once, not one probe at a time.
    const more = await setUp('o-5');
    const results = await Promise.all([order.claim(), more.claim()]);
    expect(results).toMatchObject([
      { kind: 'claimed', job: { isProbe: false } },
      { kind: 'claimed', job: { isProbe: false } },
    ]);
    expect(await db.transaction((query) => resume(query, 'queue', 'order-sync.erp', by))).toEqual({
      changed: false,
      paused: null,
    });
  });

  it('replaces an earlier pause, and a pause without an end does not', async () => {
    const paused = await pauseQueue(db, 'q', by);
    expect(paused).toMatchObject({ changed: true, paused: { until: null } });
    const shorter = await pauseQueue(db, 'q', { ...by, forSeconds: 60 });
    expect(shorter).toMatchObject({ changed: true, paused: { until: expect.any(Date) } });
    expect(await pauseQueue(db, 'q', by)).toEqual({ changed: false, paused: shorter.paused });
  });
});
