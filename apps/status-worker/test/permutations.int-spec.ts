import type { OrderEvent, OrderStatus } from '@orderly/contracts';
import { allowedFrom } from '@orderly/orders';
import { eventually } from '@orderly/testing';
import { created, moved } from '@orderly/worker-process/testing';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';
import { setUp, type StatusSetup } from './status-setup';

let status: StatusSetup;
beforeEach(async () => {
  status = await setUp();
});
afterEach(() => status.close());

const orderIds = Array.from({ length: 60 }, (_, index) => `order-${index}`);
const steps: OrderStatus[] = ['confirmed', 'processing', 'shipped', 'delivered', 'returned', 'refunded'];

/** The arrival of the events of one order: their order, and the position and id of each duplicate. */
const arrival = fc.record({
  order: fc.shuffledSubarray([0, 1, 2, 3, 4, 5, 6], { minLength: 7 }),
  again: fc.array(fc.record({ event: fc.nat(6), position: fc.nat(16), hasSameId: fc.boolean() }), { maxLength: 8 }),
});

/** Seeded, so that every run shuffles the same way. */
const arrivals = fc.sample(arrival, { numRuns: orderIds.length, seed: 5040 }).map(({ order, again }, index) => {
  const orderId = orderIds[index]!;
  const life = [created(orderId), ...steps.map((step) => moved(orderId, step))];
  const events = order.map((place) => life[place]!);
  for (const { event, position, hasSameId } of again) {
    const original = life[event]!;
    events.splice(position % (events.length + 1), 0, hasSameId ? original : { ...original, id: randomUUID() });
  }
  return events;
});

/** Posts with the events of all orders mixed: the first of each order, then the second of each, and so on. */
const posts = Array.from({ length: Math.max(...arrivals.map((events) => events.length)) }, (_, place) =>
  arrivals.flatMap((events) => events[place] ?? []),
);

type Change = {
  order_id: string;
  version: number;
  from_status: OrderStatus | null;
  to_status: OrderStatus;
  skipped: string[];
};

it('permuted and duplicated events reach the same end with two workers: one outcome each, and every history is a path', async () => {
  await status.startWorker();
  await status.startWorker();
  const jobIds: string[] = [];
  for (const post of posts) {
    // Two at a time, so that events are accepted while others of the same order are being applied.
    const half = Math.ceil(post.length / 2);
    const taken = await Promise.all([status.accept(post.slice(0, half)), status.accept(post.slice(half))]);
    jobIds.push(...taken.flat());
  }
  const sent = arrivals.flat();
  const distinct = new Set(sent.map(({ id }) => id));
  expect(jobIds).toHaveLength(distinct.size);
  expect(sent.length - distinct.size).toBeGreaterThan(50);

  await eventually(async () => {
    const open = await status.db.query(`select from jobs where name = 'apply-order-event' and state <> 'ended'`);
    expect(open).toHaveLength(0);
  });
  expect(await status.db.query('select distinct status from orders')).toEqual([{ status: 'refunded' }]);
  await expectPaths();
  await expectOneOutcomeEach(sent, distinct);
});

async function expectPaths(): Promise<void> {
  const changes = await status.db.query<Change>(
    'select order_id, version, from_status, to_status, skipped from order_changes order by order_id, version',
  );
  const byOrder = Map.groupBy(changes, (change) => change.order_id);
  const versions = await status.db.query<{ order_id: string; version: number }>('select order_id, version from orders');
  expect(versions).toHaveLength(orderIds.length);
  for (const { order_id, version } of versions) {
    const history = byOrder.get(order_id) ?? [];
    expect(history.map((change) => change.version)).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    let current: OrderStatus | null = null;
    for (const { from_status, to_status, skipped } of history) {
      expect({ order_id, from_status, skipped }).toEqual({ order_id, from_status: current, skipped: [] });
      expect(allowedFrom(current)).toContain(to_status);
      current = to_status;
    }
    expect(current).toBe('refunded');
  }
}

/** Checks the three records of an outcome in the ledger: the job, its one attempt, and the audit trail. */
async function expectOneOutcomeEach(sent: readonly OrderEvent[], distinct: ReadonlySet<string>): Promise<void> {
  const jobs = await status.db.query<{ outcome: string; attempts: number; decisions: number; as_decided: boolean }>(
    `select j.outcome,
       (select count(*)::int from attempts a where a.job_id = j.id and a.outcome = j.outcome) as attempts,
       count(d.id)::int as decisions,
       bool_and(d.action = case j.outcome when 'done' then 'event.applied' else 'event.' || j.outcome end) as as_decided
     from jobs j
     left join audit d on d.event_id = j.id and d.action <> 'event.parked' and d.detail -> 'id' is null
     where j.name = 'apply-order-event'
     group by j.id, j.outcome`,
  );
  expect(jobs).toHaveLength(distinct.size);
  const outcomes = new Set(jobs.map(({ outcome }) => outcome));
  expect(outcomes).toEqual(new Set(['done', 'duplicate', 'superseded']));
  expect(new Set(jobs.map((job) => `${job.attempts} ${job.decisions} ${job.as_decided}`))).toEqual(new Set(['1 1 true']));
  const [applied] = await status.db.query<{ changes: number }>('select count(*)::int as changes from order_changes');
  expect(jobs.filter(({ outcome }) => outcome === 'done')).toHaveLength(applied!.changes);
  const repeated = await status.db.query(`select from audit where action = 'event.duplicate' and detail -> 'id' is not null`);
  expect(repeated).toHaveLength(sent.length - distinct.size);
}
