import type { OrderStatus } from '@orderly/contracts';
import { eventually } from '@orderly/testing';
import type { Database } from '@orderly/database';
import { requestStatusChange, type StatusChangeAnswer, type StatusChangeRequest } from '../src/index';
import { acceptAll, acceptEvent, createLedgerDatabase, testActor, statusEvent, type LedgerDatabase } from '../src/testing';
import { eventJobs, orderRow, startApplier } from './orders/applying';

let ledger: LedgerDatabase;
let db: Database;
beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterEach(() => ledger.close());

const actor = { ...testActor, onBehalfOf: 'ada' };
const ask = (status: OrderStatus, more: Partial<StatusChangeRequest> = {}): Promise<StatusChangeAnswer> =>
  db.transaction((query) =>
    requestStatusChange(
      { query },
      { orderId: 'A', status, expectedVersion: null, actor, traceparent: null, tracestate: null, traceId: null, ...more },
    ),
  );

/** An order that has gone through these statuses. */
async function orderAfter(...statuses: OrderStatus[]): Promise<Awaited<ReturnType<typeof startApplier>>> {
  const applier = await startApplier(db);
  const ids = await acceptAll(
    db,
    statuses.map((status, hour) => statusEvent('A', status, hour)),
  );
  if (ids[0] !== undefined) await applier.apply({ jobId: ids[0] });
  return applier;
}

const audited = (action: string) =>
  db.query(
    `select event_id, source, from_status, to_status, version, reason, code, actor, on_behalf_of, trace_id, detail
     from audit where action = $1`,
    [action],
  );

describe('a manual change', () => {
  it('is accepted with its job, person and reason, and applied when its job runs', async () => {
    const { apply } = await orderAfter('pending', 'confirmed');
    const answer = await ask('shipped', { expectedVersion: 2, reason: 'picked up', traceId: 'a'.repeat(32) });
    if (answer.status !== 'accepted') throw new Error(answer.status);
    expect(answer).toMatchObject({ source: 'manual', job: { id: answer.eventId, name: 'apply-order-event' } });
    expect(await audited('order.status_requested')).toEqual([
      {
        event_id: answer.eventId,
        source: 'manual',
        from_status: 'confirmed',
        to_status: 'shipped',
        version: 2,
        reason: 'picked up',
        code: null,
        actor: 'test',
        on_behalf_of: 'ada',
        trace_id: 'a'.repeat(32),
        detail: { expectedVersion: 2 },
      },
    ]);

    expect(await apply({ jobId: answer.eventId })).toEqual({ kind: 'ended', outcome: 'done', version: 3 });
    expect(await orderRow(db, 'A')).toMatchObject({ status: 'shipped', version: 3 });
    expect(await db.query(`select reason from order_changes where order_id = 'A' and version = 3`)).toEqual([
      { reason: 'picked up' },
    ]);
    expect(await audited('event.applied')).toContainEqual(
      expect.objectContaining({ event_id: answer.eventId, reason: 'picked up', on_behalf_of: 'ada' }),
    );
  });

  it('to cancelled is an order.cancelled, so that destinations of only that type are told', async () => {
    await orderAfter('pending');
    const answer = await ask('cancelled', { reason: 'by phone', notify: false });
    expect(await db.query(`select type, data, notify, manual from events where source = 'manual'`)).toEqual([
      { type: 'order.cancelled', data: { reason: 'by phone' }, notify: false, manual: true },
    ]);
    expect(answer.status).toBe('accepted');
  });

  it('to the current status is accepted, and ends as a duplicate', async () => {
    const { apply } = await orderAfter('pending', 'confirmed');
    const answer = await ask('confirmed');
    if (answer.status !== 'accepted') throw new Error(answer.status);
    expect(await apply({ jobId: answer.eventId })).toMatchObject({ outcome: 'duplicate' });
  });

  it('of an unknown order is refused, and leaves nothing behind', async () => {
    expect(await ask('confirmed')).toEqual({ status: 'order-unknown' });
    await orderAfter();
    const { apply } = await startApplier(db);
    await apply({ jobId: await acceptEvent(db, statusEvent('A', 'confirmed')) });
    expect(await ask('shipped')).toEqual({ status: 'order-unknown' });
    expect(await db.query(`select from audit where action like 'order.%'`)).toEqual([]);
  });

  it('of an order whose creation is not applied yet is accepted', async () => {
    await acceptEvent(db, statusEvent('A', 'pending'));
    expect(await ask('confirmed')).toMatchObject({ status: 'accepted' });
    expect(await ask('confirmed', { expectedVersion: 1 })).toEqual({ status: 'version-conflict', currentVersion: 0 });
  });
});

describe('a manual change that can certainly not be applied', () => {
  it('is refused at once if it expects another version, and the refusal is stored', async () => {
    await orderAfter('pending', 'confirmed');
    for (const expectedVersion of [1, 3]) {
      expect(await ask('shipped', { expectedVersion })).toEqual({ status: 'version-conflict', currentVersion: 2 });
    }
    expect(await audited('order.status_refused')).toMatchObject([
      { from_status: 'confirmed', to_status: 'shipped', version: 2, code: 'version-conflict', detail: { expectedVersion: 1 } },
      { detail: { expectedVersion: 3 } },
    ]);
    expect(await db.query(`select from events where source = 'manual'`)).toEqual([]);
  });

  it('is refused at once if no step leads there, and the refusal is stored', async () => {
    await orderAfter('pending');
    expect(await ask('shipped', { reason: 'hurry' })).toEqual({
      status: 'transition-not-allowed',
      current: 'pending',
      allowed: ['confirmed', 'cancelled'],
    });
    expect(await audited('order.status_refused')).toMatchObject([
      { code: 'transition-not-allowed', reason: 'hurry', on_behalf_of: 'ada', detail: { allowed: ['confirmed', 'cancelled'] } },
    ]);
  });

  it('is refused at once if the order is past it, whatever is still to be applied', async () => {
    await orderAfter('pending', 'confirmed', 'shipped');
    await acceptEvent(db, statusEvent('A', 'delivered', 9));
    expect(await ask('confirmed')).toMatchObject({ status: 'transition-not-allowed', current: 'shipped' });
  });

  it('is refused despite a parked event or a pending update, because neither leads there', async () => {
    await orderAfter('pending', 'delivered');
    await acceptEvent(db, { orderId: 'A', type: 'order.updated', data: { totalMinor: 5 } });
    expect(await ask('shipped')).toMatchObject({ status: 'transition-not-allowed', current: 'pending' });
  });
});

describe('a manual change that may still become possible', () => {
  it('is accepted while the missing step is pending, and applied after it', async () => {
    const { apply } = await orderAfter('pending');
    await acceptEvent(db, statusEvent('A', 'confirmed', 5));
    const answer = await ask('shipped');
    if (answer.status !== 'accepted') throw new Error(answer.status);
    await apply({ jobId: answer.eventId });
    expect(await orderRow(db, 'A')).toMatchObject({ status: 'shipped', version: 3 });
  });

  it('is a dead letter instead of parked if the pending events led elsewhere', async () => {
    const { apply } = await orderAfter('pending');
    await acceptEvent(db, statusEvent('A', 'cancelled', 5));
    const answer = await ask('shipped');
    if (answer.status !== 'accepted') throw new Error(answer.status);
    await apply({ jobId: answer.eventId });
    expect((await eventJobs(db, 'A')).at(-1)).toMatchObject({
      outcome: 'dead',
      error_code: 'transition-not-allowed',
      detail: { current: 'cancelled', currentVersion: 2, allowed: ['refunded'] },
    });
  });
});

describe('concurrent manual changes', () => {
  it('may both be accepted with the same expected version: the second ends as version-conflict', async () => {
    const { apply } = await orderAfter('pending');
    const answers = await Promise.all([ask('confirmed', { expectedVersion: 1 }), ask('cancelled', { expectedVersion: 1 })]);
    const ids = answers.map((answer) => (answer.status === 'accepted' ? answer.eventId : answer.status));
    await apply({ jobId: ids[0]! });
    const jobs = (await eventJobs(db, 'A')).filter(({ id }) => ids.includes(id));
    expect(jobs).toMatchObject([
      { outcome: 'done', result_version: 2 },
      { outcome: 'dead', error_code: 'version-conflict', detail: { currentVersion: 2 } },
    ]);
  });

  it('with the same expected version are applied exactly once while others are applied, and the rest are refused', async () => {
    const orderIds = Array.from({ length: 20 }, (_, index) => `order-${index}`);
    const { apply } = await startApplier(db);
    for (const orderId of orderIds) await apply({ jobId: await acceptEvent(db, statusEvent(orderId, 'pending')) });
    const change = async (orderId: string, status: OrderStatus): Promise<string> => {
      const answer = await ask(status, { orderId, expectedVersion: 1 });
      if (answer.status !== 'accepted') return answer.status;
      const result = await apply({ jobId: answer.eventId });
      if (result.kind === 'idle') {
        const job = (await eventJobs(db, orderId)).find(({ id }) => id === answer.eventId);
        return job?.error_code ?? job?.outcome ?? 'open';
      }
      return result.kind === 'ended' ? (result.code ?? result.outcome) : result.kind;
    };
    const ends = await Promise.all(
      orderIds.map((orderId) => Promise.all((['confirmed', 'cancelled', 'confirmed'] as const).map((to) => change(orderId, to)))),
    );
    const isApplied = (end: string): boolean => end === 'done';
    expect(ends.map((ofOrder) => ofOrder.filter(isApplied).length)).toEqual(orderIds.map(() => 1));
    expect(new Set(ends.flat().filter((end) => !isApplied(end)))).toEqual(new Set(['version-conflict']));
    expect(await db.query('select distinct version from orders')).toEqual([{ version: 2 }]);
  });

  it('get their answer after the worker that applies the order, and it reflects the new state', async () => {
    await orderAfter('pending');
    const worker = ledger.connect(1);
    let asked: Promise<StatusChangeAnswer> | undefined;
    await worker.transaction(async (query) => {
      await query(`select from orders where order_id = 'A' for update`);
      asked = ask('confirmed', { expectedVersion: 1 });
      // The request waits for the lock before the order moves.
      await eventually(async () => {
        const waiting = `select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`;
        expect(await db.query(waiting)).toHaveLength(1);
      });
      await query(`update orders set status = 'cancelled', version = 2 where order_id = 'A'`);
    });
    expect(await asked).toEqual({ status: 'version-conflict', currentVersion: 2 });
  });

  it('of many orders never deadlock with the workers that apply them', async () => {
    const orderIds = Array.from({ length: 10 }, (_, index) => `order-${index}`);
    const ids = await acceptAll(
      db,
      orderIds.map((orderId) => statusEvent(orderId, 'pending')),
    );
    const [first, second] = await Promise.all([startApplier(db), startApplier(db)]);
    await Promise.all(ids.map((jobId) => first.apply({ jobId })));
    const chain = ['confirmed', 'processing', 'shipped', 'delivered', 'returned', 'refunded'] as const;
    for (const [step, status] of chain.entries()) {
      const work = orderIds.map(async (orderId) => {
        const answer = await ask(status, { orderId, expectedVersion: step + 1 });
        if (answer.status !== 'accepted') throw new Error(answer.status);
        await Promise.all([first, second].map(({ apply }) => apply({ jobId: answer.eventId })));
      });
      await Promise.all(work);
    }
    expect(await db.query('select distinct status, version from orders')).toEqual([{ status: 'refunded', version: 7 }]);
  });
});
