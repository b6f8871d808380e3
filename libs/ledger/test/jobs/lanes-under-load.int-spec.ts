import type { OrderEvent } from '@orderly/contracts';
import type { ClaimedJob, RunnableJob, Verdict } from '@orderly/jobs';
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
import { wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const orders = Array.from({ length: 12 }, (_, index) => `order-${index}`);
const rounds = 110;
const deliverers = 16;

/** Seeded, so that runs differ only in their timing. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
const random = createRandom(7);
const pick = <Item>(items: readonly Item[]): Item => items[Math.floor(random() * items.length)] as Item;

/** A process with its own connections. It applies events, and serves both destinations. */
async function createProcess(runnable: RunnableJob[]) {
  const own = ledger.connect(4);
  const options = {
    db: own,
    processId: await startProcess(own),
    relay: (jobs: readonly RunnableJob[]) => void runnable.push(...jobs.filter(({ name }) => name === 'sync-order')),
    wait,
  };
  const serve = (destination: string, sendsNewest: boolean) =>
    createClaimLedger(options, { queue: `order-sync.${destination}`, destination, sendsNewest, sendsMessages: false });
  return {
    apply: createOrderApplier(options, planWith({ followUps: followUpsTo('erp', 'wms') })),
    'order-sync.erp': serve('erp', true),
    'order-sync.wms': serve('wms', false),
  };
}

/** The progress of every lane, and whether it is invalid, in one snapshot. */
const inspectLanes = () =>
  db.query<{ lane: string; acked: number; fault: boolean }>(
    `select lane, acked_version as acked,
       heads > 1 or (heads = 0 and (blocked > 0 or head is not null)) or (heads = 1 and open_head is distinct from head) as fault
     from (
       select l.destination || ' ' || l.order_id as lane, l.acked_version, l.head,
         count(*) filter (where j.state in ('runnable', 'running')) as heads,
         (array_agg(j.id) filter (where j.state in ('runnable', 'running')))[1] as open_head,
         count(*) filter (where j.state = 'blocked') as blocked
       from lanes l left join jobs j on j.order_id = l.order_id and j.destination = l.destination
       group by l.order_id, l.destination
     ) lanes`,
  );

const dead: Verdict = { kind: 'dead', code: 'job-failed', message: '', fingerprint: 'x' };
const again = (waitReason: 'retry' | 'handed-back'): Verdict => ({
  kind: 'again',
  delayMs: 0,
  usesAttempt: waitReason === 'retry',
  waitReason,
});

function settlementFor(job: ClaimedJob) {
  const chance = random();
  if (chance < 0.1) return settlementOf(job, dead, { laneStep: job.destination === 'erp' ? 'newest' : 'next' });
  if (chance < 0.2) return settlementOf(job, again('retry'));
  if (chance < 0.3) return settlementOf(job, again('handed-back'));
  return settlementOf(job);
}

it('lanes never have two heads, lose their head or go backwards while fan-out and settlement race for them', async () => {
  const runnable: RunnableJob[] = [];
  const processes = await Promise.all([1, 2, 3].map(() => createProcess(runnable)));
  const confirmed = new Map<string, number[]>();
  let produced = 0;
  let clock = 0;

  const eventsOf = (orderId: string): Partial<OrderEvent>[] =>
    Array.from({ length: 1 + Math.floor(random() * 3) }, () => {
      clock += 1;
      const occurredAt = new Date(Date.UTC(2026, 0, 1) + clock * 1000).toISOString();
      return { orderId, occurredAt, type: 'order.updated', data: { totalMinor: clock } };
    });
  const applyAll = async (events: readonly Partial<OrderEvent>[]): Promise<void> => {
    const ids = await acceptAll(db, events);
    // Delivers each twice, to different processes at once.
    const [first, second] = [pick(processes), pick(processes)];
    await Promise.all(ids.flatMap((jobId) => [first.apply({ jobId }), second.apply({ jobId })]));
  };
  const produce = async (): Promise<void> => {
    for (; produced < rounds;) {
      produced += 1;
      await applyAll([pick(orders), pick(orders), pick(orders)].flatMap(eventsOf));
    }
  };
  const isProducing = (): boolean => !progress.isProduced;
  const progress = { busy: 0, isProduced: false, settlements: 0 };
  const deliver = async (): Promise<void> => {
    while (isProducing() || progress.busy > 0 || runnable.length > 0) {
      const job = runnable.shift();
      if (!job) {
        await new Promise(setImmediate);
        continue;
      }
      progress.busy += 1;
      await deliverOne(job);
      progress.busy -= 1;
    }
  };
  const deliverOne = async (job: RunnableJob): Promise<void> => {
    const sync = pick(processes)[job.queue as 'order-sync.erp' | 'order-sync.wms'];
    // Some jobs are delivered twice.
    if (random() < 0.05) runnable.push(job);
    const claim = await sync.claim({ jobId: job.id });
    if (claim.kind === 'later' && claim.delayMs < 1000) runnable.push(job);
    if (claim.kind !== 'claimed') return;
    const settlement = settlementFor(claim.job);
    const { verdict } = settlement;
    if (verdict.kind === 'ended') {
      const lane = `${job.queue} ${claim.job.orderId}`;
      confirmed.set(lane, [...(confirmed.get(lane) ?? []), verdict.resultVersion ?? 0]);
    }
    expect(await sync.settle(settlement)).toEqual({ settled: true });
    progress.settlements += 1;
    if (verdict.kind === 'again') runnable.push(job);
  };
  const acked = new Map<string, number>();
  const inspect = async (): Promise<void> => {
    const lanes = await inspectLanes();
    expect(lanes.filter(({ fault }) => fault)).toEqual([]);
    for (const { lane, acked: version } of lanes) {
      expect(version).toBeGreaterThanOrEqual(acked.get(lane) ?? 0);
      acked.set(lane, version);
    }
  };

  await applyAll(orders.map((orderId) => ({ orderId, occurredAt: '2025-12-31T00:00:00.000Z' })));
  const inspecting = (async () => {
    for (let next = 0; isProducing(); next = progress.settlements + 20) {
      while (progress.settlements < next && isProducing()) await new Promise(setImmediate);
      await inspect();
    }
  })();
  const delivering = Promise.all(Array.from({ length: deliverers }, deliver));
  await Promise.all([produce(), produce(), produce()]);
  progress.isProduced = true;
  await Promise.all([delivering, inspecting]);
  await inspect();

  const open = await db.query(`select id, state from jobs where name = 'sync-order' and state <> 'ended'`);
  expect(open).toEqual([]);
  expect(progress.settlements).toBeGreaterThan(1000);
  for (const versions of confirmed.values()) expect(versions.toSorted((a, b) => a - b)).toEqual(versions);
  const [sent] = await db.query(
    `select count(*) filter (where outcome not in ('done', 'dead')) as other, count(*) as jobs from jobs where destination = 'wms'`,
  );
  expect(sent).toMatchObject({ other: 0 });
});
