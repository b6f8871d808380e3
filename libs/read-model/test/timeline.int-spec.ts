import type { OrderEvent, OrderStatus } from '@orderly/contracts';
import type { ClaimedJob, Verdict } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { applyOrderEvents, createClaimLedger, pauseQueue, recordAudit, resumeQueue } from '@orderly/ledger';
import { readTimeline, type Timeline } from '../src/index';
import {
  acceptAll,
  createLedgerDatabase,
  followUpsTo,
  planWith,
  settlementOf,
  startProcess,
  testActor,
  type LedgerDatabase,
} from '@orderly/ledger/testing';

let ledger: LedgerDatabase;
let db: Database;
let processId: string;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  processId = await startProcess(db);
});
afterAll(() => ledger.close());

let orders = 0;
const newOrder = (): string => `timeline-${(orders += 1)}`;

const created = (orderId: string): Partial<OrderEvent> => ({ orderId });
const moved = (orderId: string, status: OrderStatus): Partial<OrderEvent> => ({
  orderId,
  type: 'order.status_changed',
  data: { status },
});

/** Accepts events, applies each in its own transaction, and returns their ids. */
async function apply(...events: readonly Partial<OrderEvent>[]): Promise<string[]> {
  const ids = await acceptAll(db, events);
  for (const jobId of ids) {
    await applyOrderEvents(db, [{ jobId }], {
      plan: planWith({ parkedDeadlineMs: 60_000, followUps: followUpsTo('erp', 'wms') }),
      processId,
    });
  }
  return ids;
}

const ledgerOf = (queue: string, destination: string | null) =>
  createClaimLedger(
    { db, processId, relay: () => undefined, wait: { signal: new AbortController().signal } },
    { queue, destination, sendsNewest: false, sendsMessages: destination === null },
  );

/** Claims the runnable job of an order in a queue. */
async function claim(orderId: string, queue: string, destination: string | null): Promise<ClaimedJob> {
  const [row] = await db.query<{ id: string }>(
    `select id from jobs where order_id = $1 and queue = $2 and state = 'runnable' order by id limit 1`,
    [orderId, queue],
  );
  const result = await ledgerOf(queue, destination).claim({ jobId: row!.id });
  if (result.kind !== 'claimed') throw new Error(`The job is ${result.kind}`);
  return result.job;
}

const tell = async (orderId: string, destination: string, verdict?: Verdict, more?: Parameters<typeof settlementOf>[2]) => {
  const job = await claim(orderId, `order-sync.${destination}`, destination);
  await ledgerOf(job.queue, destination).settle(settlementOf(job, verdict, more));
  return job.id;
};

const read = async (orderId: string): Promise<Timeline> => {
  const timeline = await readTimeline(db, orderId);
  if (timeline === undefined) throw new Error('There is no timeline');
  return timeline;
};
const ofKind = (timeline: Timeline, kind: Timeline['entries'][number]['kind']) =>
  timeline.entries.filter((entry) => entry.kind === kind);

const dead: Verdict = { kind: 'dead', code: 'destination-refused', message: '422', fingerprint: 'destination-refused:erp' };

describe('the timeline of an order', () => {
  it('shows each event with its outcome and its change, in the order of acceptance', async () => {
    const orderId = newOrder();
    const ids = await apply(
      created(orderId),
      moved(orderId, 'confirmed'),
      moved(orderId, 'confirmed'),
      moved(orderId, 'shipped'),
    );
    const [refused = ''] = await apply(moved(orderId, 'pending'), moved(orderId, 'cancelled')).then(() =>
      apply(moved(orderId, 'delivered')),
    );
    const timeline = await read(orderId);
    expect(timeline).toMatchObject({ orderId, status: 'cancelled', version: 4, truncated: false });
    const events = ofKind(timeline, 'event');
    expect(events.slice(0, 4)).toMatchObject([
      { eventId: ids[0], type: 'order.created', outcome: 'applied', change: { version: 1, from: null, to: 'pending' } },
      { eventId: ids[1], asks: 'confirmed', outcome: 'applied', change: { version: 2, from: 'pending', to: 'confirmed' } },
      { eventId: ids[2], asks: 'confirmed', outcome: 'duplicate', change: null, deadLetter: null },
      { eventId: ids[3], outcome: 'applied', change: { version: 3, skipped: [] }, actor: 'test', manual: false },
    ]);
    expect(events.slice(4)).toMatchObject([
      { asks: 'pending', outcome: 'superseded' },
      { asks: 'cancelled', outcome: 'applied', change: { version: 4 } },
      {
        eventId: refused,
        outcome: 'rejected',
        change: null,
        deadLetter: { job: refused, code: 'transition-not-allowed', detail: { current: 'cancelled', allowed: ['refunded'] } },
      },
    ]);
    expect(ofKind(timeline, 'change')).toEqual([]);
  });

  it('shows ended deliveries and messages as entries, and open ones only as open work', async () => {
    const orderId = newOrder();
    await apply(created(orderId), moved(orderId, 'confirmed'));
    const done = await tell(orderId, 'erp', undefined, { attempt: { confirmationId: 'c-77', responseStatus: 201 } });
    const retrying = await tell(
      orderId,
      'wms',
      { kind: 'again', delayMs: 30_000, usesAttempt: true, waitReason: 'retry' },
      { attempt: { errorCode: 'destination-failed', errorMessage: 'no', responseStatus: 502 } },
    );
    const running = await claim(orderId, 'order-sync.erp', 'erp');
    const timeline = await read(orderId);
    expect(ofKind(timeline, 'delivery')).toMatchObject([
      { job: done, destination: 'erp', version: 1, sentVersion: 1, outcome: 'done', confirmationId: 'c-77', responseStatus: 201 },
    ]);
    expect(timeline.now.lanes).toMatchObject([
      { destination: 'erp', ackedVersion: 1, isBlocked: false, job: { id: running.id, state: 'running', isLost: false } },
      {
        destination: 'wms',
        ackedVersion: 0,
        job: { id: retrying, waitReason: 'retry', attemptsUsed: 1, errorCode: 'destination-failed', responseStatus: 502 },
      },
    ]);
    expect(ofKind(timeline, 'message')).toEqual([]);
    expect(timeline.now.messages).toMatchObject([{ messageKind: 'created', channel: 'email', job: { state: 'runnable' } }]);

    const job = await claim(orderId, 'notifications', null);
    await ledgerOf('notifications', null).settle(
      settlementOf(job, undefined, { message: { state: 'sent', providerId: '<1@shop>' } }),
    );
    const later = await read(orderId);
    expect(ofKind(later, 'message')).toMatchObject([
      { messageId: job.id, state: 'sent', providerId: '<1@shop>', attemptsUsed: 1 },
    ]);
    expect(later.now.messages).toEqual([]);
  });

  it('shows a dead letter in the entry of the failed delivery, and the lane that it blocks', async () => {
    const orderId = newOrder();
    await apply(created(orderId));
    const blocker = await tell(orderId, 'erp', dead, {
      laneStep: 'block',
      attempt: { versionSent: 1, responseStatus: 422, errorCode: dead.kind },
    });
    const skipped = await tell(orderId, 'wms', dead, { laneStep: 'next' });
    const { entries, now } = await read(orderId);
    expect(entries.filter((entry) => 'deadLetter' in entry && entry.deadLetter)).toMatchObject([
      {
        job: blocker,
        outcome: 'dead',
        sentVersion: 1,
        reason: null,
        deadLetter: { fingerprint: 'destination-refused:erp', message: '422' },
      },
      { job: skipped, outcome: 'dead' },
    ]);
    expect(now.lanes).toMatchObject([
      { destination: 'erp', isBlocked: true, job: { id: blocker, state: 'ended', outcome: 'dead', responseStatus: 422 } },
      { destination: 'wms', isBlocked: false, job: { id: skipped, state: 'ended', outcome: 'dead' } },
    ]);
  });

  it('shows the missing steps and the deadline of a parked event, even for an unknown order', async () => {
    const orderId = newOrder();
    const [early] = await apply(moved(orderId, 'delivered'));
    const placeholder = await read(orderId);
    expect(placeholder).toMatchObject({ status: null, version: 0, now: { pending: null, lanes: [] } });
    expect(placeholder.now.parked).toMatchObject([{ eventId: early, waitsFor: ['order.created'] }]);
    expect(placeholder.now.parked[0]!.deadline > placeholder.at).toBe(true);
    expect(placeholder.entries).toMatchObject([{ kind: 'event', eventId: early, asks: 'delivered', outcome: 'parked' }]);
    await apply(created(orderId));
    expect((await read(orderId)).now.parked).toMatchObject([{ eventId: early, waitsFor: ['confirmed', 'shipped'] }]);
  });

  it('exists from the acceptance of the first event, and not for an unknown order', async () => {
    const orderId = newOrder();
    expect(await readTimeline(db, orderId)).toBeUndefined();
    const [first] = await acceptAll(db, [created(orderId), moved(orderId, 'confirmed')]);
    const { status, version, now, entries } = await read(orderId);
    expect({ status, version }).toEqual({ status: null, version: 0 });
    expect(now.pending).toMatchObject({ count: 2, job: { id: first, state: 'runnable', waitReason: null } });
    expect(now.queues.get('order-status')).toMatchObject({ paused: null, workers: 0 });
    expect(entries).toMatchObject([{ outcome: 'pending' }, { outcome: 'pending' }]);
  });

  it('shows actions on the order that no event shows, and pauses that its jobs waited through', async () => {
    const orderId = newOrder();
    await pauseQueue(db, 'order-sync.erp', { actor: testActor, reason: 'before the order' });
    await resumeQueue(db, 'order-sync.erp', { actor: testActor });
    const [eventId = ''] = await apply(created(orderId));
    await pauseQueue(db, 'order-sync.erp', { actor: { ...testActor, onBehalfOf: 'ada' }, reason: 'they move' });
    await pauseQueue(db, 'maintenance', { actor: testActor, reason: 'none of its queues' });
    const refused = { action: 'order.status_refused', orderId, actor: testActor, code: 'version-conflict' } as const;
    const refusal = { ...refused, detail: { expectedVersion: 7 } };
    await recordAudit(db, [
      { action: 'order.status_requested', orderId, eventId, actor: testActor },
      { action: 'event.duplicate', orderId, eventId, actor: testActor },
      refusal,
    ]);
    expect((await read(orderId)).now.queues.get('order-sync.erp')).toMatchObject({
      paused: { actor: 'test', onBehalfOf: 'ada', reason: 'they move' },
    });
    await resumeQueue(db, 'order-sync.erp', { actor: testActor });
    await tell(orderId, 'erp');
    await pauseQueue(db, 'order-sync.erp', { actor: testActor, reason: 'after the delivery' });
    await resumeQueue(db, 'order-sync.erp', { actor: testActor });
    const timeline = await read(orderId);
    expect(ofKind(timeline, 'action')).toMatchObject([
      { action: 'queue.paused', subject: 'order-sync.erp', onBehalfOf: 'ada', reason: 'they move' },
      { action: 'order.status_refused', code: 'version-conflict', expectedVersion: 7, actor: 'test' },
      { action: 'queue.resumed', subject: 'order-sync.erp' },
    ]);
  });

  it('shows a pause that began before the job it affected, and no pause that had ended before', async () => {
    const orderId = newOrder();
    const [eventId = ''] = await acceptAll(db, [created(orderId)]);
    for (const reason of ['over before the delivery was due', 'met by the delivery']) {
      await resumeQueue(db, 'order-sync.wms', { actor: testActor });
      await pauseQueue(db, 'order-sync.wms', { actor: testActor, reason });
    }
    await applyOrderEvents(db, [{ jobId: eventId }], {
      plan: planWith({ followUps: followUpsTo('wms') }),
      processId,
    });
    const later = newOrder();
    await apply(created(later));
    await resumeQueue(db, 'order-sync.wms', { actor: testActor });
    for (const timeline of [await read(orderId), await read(later)]) {
      expect(ofKind(timeline, 'action')).toMatchObject([
        { action: 'queue.paused', subject: 'order-sync.wms', reason: 'met by the delivery' },
        { action: 'queue.resumed', subject: 'order-sync.wms' },
      ]);
    }
  });

  it('shows the changes of deleted events', async () => {
    const orderId = newOrder();
    const [first] = await apply(created(orderId), moved(orderId, 'confirmed'));
    await db.query('delete from events where event_id = $1', [first]);
    const timeline = await read(orderId);
    expect(ofKind(timeline, 'change')).toMatchObject([{ eventId: first, version: 1, from: null, to: 'pending' }]);
    expect(ofKind(timeline, 'event')).toHaveLength(1);
  });

  it('shows the newest 500 events of an order, and says that it is truncated', async () => {
    const orderId = newOrder();
    await acceptAll(
      db,
      Array.from({ length: 501 }, () => created(orderId)),
    );
    const { entries, truncated, now } = await read(orderId);
    expect({ entries: entries.length, truncated, pending: now.pending?.count }).toEqual({
      entries: 500,
      truncated: true,
      pending: 501,
    });
    expect(await db.query(`select event_id from events where order_id = $1 order by acceptance limit 1`, [orderId])).not.toEqual([
      { event_id: (entries[0] as { eventId: string }).eventId },
    ]);
  });

  it('says that it is truncated if older changes are left out, although the newest events are kept', async () => {
    const orderId = newOrder();
    const [newest = ''] = await apply(created(orderId));
    await db.query(`update order_changes set version = 502 where order_id = $1`, [orderId]);
    await db.query(`update jobs set result_version = 502 where id = $1`, [newest]);
    await db.query(`update orders set version = 502 where order_id = $1`, [orderId]);
    await db.query(
      `insert into order_changes (order_id, version, to_status, occurred_at, event_id)
       select $1, n, 'pending', now(), gen_random_uuid() from generate_series(1, 501) n`,
      [orderId],
    );
    const { entries, truncated } = await read(orderId);
    const versions = entries.map((entry) =>
      entry.kind === 'change' ? entry.version : 'change' in entry && entry.change?.version,
    );
    expect(new Set(versions)).toEqual(new Set(Array.from({ length: 501 }, (_, index) => index + 2)));
    expect(truncated).toBe(true);
  });

  it('comes from one snapshot while the order changes', async () => {
    const orderId = newOrder();
    await apply(created(orderId));
    const life = { isMoving: true };
    const moving = (async () => {
      for (let total = 1; total <= 40; total += 1) {
        const occurredAt = new Date(Date.parse('2026-01-02T00:00:00Z') + total * 1000).toISOString();
        await apply({ orderId, type: 'order.updated', occurredAt, data: { totalMinor: total } });
      }
      life.isMoving = false;
    })();
    while (life.isMoving) {
      const timeline = await read(orderId);
      const versions = ofKind(timeline, 'event').flatMap((entry) =>
        'change' in entry && entry.change ? [entry.change.version] : [],
      );
      expect(versions).toEqual(Array.from({ length: timeline.version }, (_, index) => index + 1));
    }
    await moving;
  });
});
