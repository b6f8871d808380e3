import type { ClaimedJob, LaneStep, RunnableJob, Verdict } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createClaimLedger, createOrderApplier } from '../../src/index';
import {
  acceptAll,
  createLedgerDatabase,
  followUpsTo,
  planWith,
  settlementOf,
  startProcess,
  type LedgerDatabase,
} from '../../src/testing';
import { claimedJob, newSyncPlan, wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const dead: Verdict = { kind: 'dead', code: 'job-failed', message: '', fingerprint: 'x' };

/** One order with a lane, and a worker for its destination. */
async function setUp(sendsNewest: boolean) {
  const plan = newSyncPlan(sendsNewest);
  const { destination } = plan;
  const orderId = `order-${destination}`;
  const processId = await startProcess(db);
  const relayed: RunnableJob[] = [];
  const options = { db, processId, relay: (jobs: readonly RunnableJob[]) => void relayed.push(...jobs), wait };
  const apply = createOrderApplier(options, planWith({ followUps: followUpsTo(destination) }));
  const sync = createClaimLedger(options, plan);
  let version = 0;
  /** Changes the order this many times. */
  const change = async (times: number): Promise<void> => {
    const events = Array.from({ length: times }, () => {
      version += 1;
      const occurredAt = new Date(Date.UTC(2026, 0, 1) + version * 1000).toISOString();
      return version === 1
        ? { orderId, occurredAt }
        : ({ orderId, occurredAt, type: 'order.updated', data: { totalMinor: version } } as const);
    });
    const [jobId] = await acceptAll(db, events);
    await apply({ jobId: jobId! });
  };
  const lane = () =>
    db.query<{ id: string; version: number; state: string; outcome: string | null }>(
      `select id, version, state, outcome from jobs where order_id = $1 and destination = $2 order by version`,
      [orderId, destination],
    );
  const states = async () => (await lane()).map(({ state, outcome }) => outcome ?? state);
  const laneRow = async () =>
    (await db.query('select head, acked_version, blocked_by from lanes where order_id = $1', [orderId]))[0]!;
  const claim = async (version: number): Promise<ClaimedJob> => {
    const id = (await lane()).find((job) => job.version === version)!.id;
    return claimedJob(await sync.claim({ jobId: id }));
  };
  const settle = (job: ClaimedJob, verdict?: Verdict, laneStep?: LaneStep) =>
    sync.settle(settlementOf(job, verdict, { laneStep }));
  return { change, lane, states, laneRow, claim, settle, relayed, sync };
}

describe('a lane', () => {
  it('has one head, the first version, and gives only that to the relay', async () => {
    const { change, lane, states, relayed, laneRow, sync } = await setUp(false);
    await change(3);
    expect(await states()).toEqual(['runnable', 'blocked', 'blocked']);
    const jobs = await lane();
    expect(relayed.filter(({ name }) => name === 'sync-order').map(({ id }) => id)).toEqual([jobs[0]!.id]);
    expect(await laneRow()).toMatchObject({ head: jobs[0]!.id });
    expect(await sync.claim({ jobId: jobs[1]!.id })).toEqual({ kind: 'idle' });
  });

  it('sends each version, one after the other, in mode every-event', async () => {
    const { change, states, claim, settle, laneRow } = await setUp(false);
    await change(2);
    for (let version = 1; version <= 4; version += 1) {
      if (version === 2) await change(2);
      expect((await states()).filter((state) => state === 'runnable' || state === 'running')).toHaveLength(1);
      await settle(await claim(version));
      expect(await laneRow()).toMatchObject({ acked_version: version });
    }
    expect(await states()).toEqual(['done', 'done', 'done', 'done']);
    await change(1);
    expect((await states())[4]).toBe('runnable');
  });

  it('supersedes the jobs up to the newest version that was sent, and no more, in mode latest-state', async () => {
    const { change, states, claim, settle, laneRow } = await setUp(true);
    await change(3);
    const head = await claim(1);
    expect(head.intentVersion).toBe(3);
    await change(2);
    expect(await states()).toEqual(['running', 'blocked', 'blocked', 'blocked', 'blocked']);
    await settle(head);
    expect(await states()).toEqual(['done', 'superseded', 'superseded', 'runnable', 'blocked']);
    expect(await laneRow()).toMatchObject({ acked_version: 3 });
    const next = await claim(4);
    expect(next).toMatchObject({ intentVersion: 5, ackedVersion: 3 });
    await settle(next);
    expect(await states()).toEqual(['done', 'superseded', 'superseded', 'done', 'superseded']);
    expect(await laneRow()).toMatchObject({ acked_version: 5, head: null });
  });

  it('keeps its confirmed version if an older version is confirmed afterwards', async () => {
    const { change, claim, settle, laneRow } = await setUp(true);
    await change(2);
    await settle(await claim(1));
    await change(1);
    const job = await claim(3);
    await settle(job, { kind: 'ended', outcome: 'done', resultVersion: 1 });
    expect(await laneRow()).toMatchObject({ acked_version: 2 });
  });

  it.each<[LaneStep, string[]]>([
    ['block', ['dead', 'blocked', 'blocked']],
    ['next', ['dead', 'runnable', 'blocked']],
    ['newest', ['dead', 'superseded', 'runnable']],
  ])('continues after a dead head as its policy says: %s', async (step, expected) => {
    const { change, lane, states, claim, settle, laneRow } = await setUp(false);
    await change(3);
    const head = await claim(1);
    await settle(head, dead, step);
    expect(await states()).toEqual(expected);
    const runnable = (await lane()).find(({ state }) => state === 'runnable')?.id ?? null;
    expect(await laneRow()).toEqual({ head: runnable, acked_version: 0, blocked_by: step === 'block' ? head.id : null });
  });

  it('stays without a head while a dead letter blocks it, even if new versions arrive', async () => {
    const { change, states, claim, settle, relayed, laneRow } = await setUp(false);
    await change(1);
    await settle(await claim(1), dead, 'block');
    relayed.length = 0;
    await change(2);
    expect(await states()).toEqual(['dead', 'blocked', 'blocked']);
    expect(await laneRow()).toMatchObject({ head: null });
    expect(relayed.filter(({ name }) => name === 'sync-order')).toEqual([]);
  });

  it('keeps its head during a retry', async () => {
    const { change, states, claim, settle, laneRow } = await setUp(false);
    await change(2);
    const head = await claim(1);
    await settle(head, { kind: 'again', delayMs: 60_000, usesAttempt: true, waitReason: 'retry' });
    await change(1);
    expect(await states()).toEqual(['runnable', 'blocked', 'blocked']);
    expect(await laneRow()).toMatchObject({ head: head.id });
  });
});
