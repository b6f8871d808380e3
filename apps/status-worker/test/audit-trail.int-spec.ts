import type { OrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { type AcceptedEvent, acceptEvents, createOrderApplier } from '@orderly/ledger';
import {
  buildAccepted,
  createLedgerDatabase,
  startProcess,
  statusEvent,
  testActor,
  type LedgerDatabase,
} from '@orderly/ledger/testing';
import { planOrder, type OrderPolicy } from '../src/plan-order';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const traceId = '0af7651916cd43dd8448eb211c80319c';
const apiKeyId = '019b0000-0000-7000-8000-000000000001';
const actor = { name: 'shop key', apiKeyId, onBehalfOf: 'Mia' };

const accepted = (change: Partial<OrderEvent>, rest: Partial<AcceptedEvent> = {}): AcceptedEvent =>
  buildAccepted(change, { traceparent: `00-${traceId}-b7ad6b7169203331-01`, actor, ...rest });

type Row = Record<string, unknown>;

/** The entries of an order, the oldest first. */
const entriesOf = (orderId: string): Promise<Row[]> =>
  db.query<Row>('select * from audit where order_id = $1 order by id', [orderId]);

/** The applier of a new process, which decides as this worker does. */
async function startApplier(atDeadline: OrderPolicy['atDeadline'] = 'dead-letter') {
  const policy: OrderPolicy = { parkedDeadlineMs: 900_000, atDeadline, destinations: [] };
  const wait = { signal: new AbortController().signal };
  return createOrderApplier({ db, processId: await startProcess(db), relay: () => undefined, wait }, (order, events, now) =>
    planOrder(order, events, now, policy),
  );
}

/** Accepts events one after the other, and applies each before the next arrives. */
async function live(events: readonly AcceptedEvent[]): Promise<string[]> {
  const apply = await startApplier();
  const ids: string[] = [];
  for (const event of events) {
    const [result] = await acceptEvents(db, [event]);
    ids.push(result!.eventId);
    await apply({ jobId: result!.eventId });
  }
  return ids;
}

describe('the audit trail of an order', () => {
  it('has one entry per decision: who, what, why, from, to, version and trace', async () => {
    const orderId = 'life';
    const reason = 'left the dock';
    const ids = await live([
      accepted(statusEvent(orderId, 'pending', 0)),
      accepted({ ...statusEvent(orderId, 'shipped', 3), data: { status: 'shipped', reason } } as Partial<OrderEvent>),
      accepted(statusEvent(orderId, 'confirmed', 1), { actor: testActor, traceparent: null }),
      accepted(statusEvent(orderId, 'shipped', 3)),
      accepted(statusEvent(orderId, 'confirmed', 1)),
      accepted({ orderId, type: 'order.updated', data: { totalMinor: 5 }, occurredAt: '2026-01-01T04:00:00.000Z' }),
      accepted(statusEvent(orderId, 'cancelled', 5)),
      accepted(statusEvent(orderId, 'delivered', 6)),
    ]);
    const common = {
      order_id: orderId,
      source: 'shop',
      actor: 'shop key',
      api_key_id: apiKeyId,
      on_behalf_of: 'Mia',
      trace_id: traceId,
    };
    const none = { reason: null, code: null, subject: null, detail: null };
    const entry = (place: number, action: string, from: string | null, to: string | null, version: number) => ({
      ...common,
      ...none,
      event_id: ids[place],
      action,
      from_status: from,
      to_status: to,
      version,
      id: expect.any(String),
      at: expect.any(Date),
    });
    const refusal = { reason: 'order life is cancelled and cannot take delivered', code: 'transition-not-allowed' };
    expect(await entriesOf(orderId)).toEqual([
      entry(0, 'event.applied', null, 'pending', 1),
      {
        ...entry(1, 'event.parked', 'pending', 'shipped', 1),
        reason,
        detail: { deadline: expect.stringMatching(/^\d{4}-.*Z$/), waitsFor: ['confirmed'] },
      },
      {
        ...entry(2, 'event.applied', 'pending', 'confirmed', 2),
        actor: 'test',
        api_key_id: null,
        on_behalf_of: null,
        trace_id: null,
      },
      { ...entry(1, 'event.applied', 'confirmed', 'shipped', 3), reason },
      entry(3, 'event.duplicate', 'shipped', 'shipped', 3),
      entry(4, 'event.superseded', 'shipped', 'confirmed', 3),
      entry(5, 'event.applied', 'shipped', 'shipped', 4),
      entry(6, 'event.applied', 'shipped', 'cancelled', 5),
      {
        ...entry(7, 'event.rejected', 'cancelled', 'delivered', 5),
        ...refusal,
        detail: { current: 'cancelled', allowed: ['refunded'] },
      },
    ]);
  });

  it('records a waiting event once, however often it is tried', async () => {
    const orderId = 'waiting';
    const [, early] = await live([accepted(statusEvent(orderId, 'pending', 0)), accepted(statusEvent(orderId, 'delivered', 3))]);
    await live([accepted(statusEvent(orderId, 'confirmed', 1))]);
    const apply = await startApplier();
    await apply({ jobId: early! });
    expect((await entriesOf(orderId)).map(({ action }) => action)).toEqual(['event.applied', 'event.parked', 'event.applied']);
  });

  it.each([
    { atDeadline: 'apply', action: 'event.applied', code: null, version: 2, detail: { skipped: ['confirmed'] } },
    {
      atDeadline: 'dead-letter',
      action: 'event.rejected',
      code: 'parked-too-long',
      version: 1,
      detail: { current: 'pending', allowed: ['confirmed', 'cancelled'] },
    },
  ] as const)(
    'names the system, and nobody else, for a decision at a deadline ($atDeadline)',
    async ({ atDeadline, ...expected }) => {
      const orderId = `late-${atDeadline}`;
      const [, jobId] = await live([accepted(statusEvent(orderId, 'pending', 0)), accepted(statusEvent(orderId, 'shipped', 3))]);
      await db.query(`update jobs set run_at = now() - interval '1 s' where id = $1`, [jobId]);
      const apply = await startApplier(atDeadline);
      await apply({ jobId: jobId! });
      const entries = await entriesOf(orderId);
      expect(entries).toHaveLength(3);
      expect(entries[2]).toMatchObject({
        ...expected,
        event_id: jobId,
        from_status: 'pending',
        to_status: 'shipped',
        source: 'shop',
        actor: 'orderly',
        api_key_id: null,
        on_behalf_of: null,
      });
    },
  );
});
