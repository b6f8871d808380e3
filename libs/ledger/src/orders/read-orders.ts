import type { Actor } from '@orderly/contracts';
import type { OrderState, PendingEvent } from '@orderly/orders';
import type { Database, Query } from '@orderly/database';
import { idRange } from '../jobs/id-range';

/** Orders whose rows this transaction has locked. */
export interface LockedOrders {
  readonly orders: readonly OrderState[];
  /** The transaction's time, ISO. */
  readonly now: string;
}

/** Locks known orders, in the order of their keys. */
export async function lockOrders(query: Query, orderIds: readonly string[]): Promise<LockedOrders> {
  const rows = await query<OrderRow>(
    `select order_id, status, version, data, key_times, status_occurred_at, now() as now
     from orders where order_id = any($1) order by order_id for update`,
    [orderIds],
  );
  return { orders: rows.map(orderOf), now: (rows[0]?.now ?? new Date()).toISOString() };
}

export const orderOf = (row: OrderRow): OrderState => ({
  orderId: row.order_id,
  status: row.status,
  version: row.version,
  data: row.data,
  keyTimes: row.key_times,
  statusOccurredAt: row.status_occurred_at?.toISOString() ?? null,
});

export type OrderRow = {
  order_id: string;
  status: OrderState['status'];
  version: number;
  data: OrderState['data'];
  key_times: OrderState['keyTimes'];
  status_occurred_at: Date | null;
  now: Date;
};

/** An event without an outcome, with the facts of its job. */
export interface UnappliedEvent extends PendingEvent {
  readonly source: string;
  readonly actor: Actor;
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly acceptedAt: Date;
  readonly dueInMs: number;
}

/** Bounds the events read of one order: thousands would fill the memory and delay the rest of the batch. */
export const maxEventsRead = 501;

/**
 * All events of the orders that have no outcome yet, in the order in which they were accepted. Due times are compared
 * with the statement's time: an event that was accepted while this transaction waited for its locks is due. At most
 * {@link maxEventsRead} events of an order are read, and as many parked ones: the oldest, whose deadlines come first.
 */
export async function unappliedEvents(query: Query, orderIds: readonly string[]): Promise<Map<string, UnappliedEvent[]>> {
  const rows = await query<EventRow>(
    `select u.*
     from unnest($1::text[]) as o(order_id)
     cross join lateral (
       select j.id, j.order_id, j.state, j.run_at, extract(epoch from j.run_at - statement_timestamp())::float8 * 1000 as due_in_ms,
         j.batch, e.source, e.type, e.occurred_at, e.data, e.notify, e.traceparent, e.tracestate, e.accepted_at, e.acceptance,
         e.manual, e.expected_version,
         e.actor, e.api_key_id, e.on_behalf_of,
         row_number() over (partition by j.state order by e.acceptance) as place
       -- Fenced off, one after the other by the key: without statistics other indexes look just as good, and lead through all
       -- jobs that wait, and to all events for each order.
       from (select * from jobs where order_id = o.order_id and destination is null offset 0) as j
       cross join lateral (select * from events where event_id = j.id offset 0) as e
       where j.name = 'apply-order-event' and j.state in ('runnable', 'parked')
     ) u
     where u.place <= $2
     order by u.acceptance`,
    [orderIds, maxEventsRead],
  );
  const byOrder = new Map<string, UnappliedEvent[]>();
  for (const row of rows) {
    const events = byOrder.get(row.order_id) ?? [];
    byOrder.set(row.order_id, events);
    events.push({
      eventId: row.id,
      type: row.type,
      occurredAt: row.occurred_at.toISOString(),
      data: row.data,
      notify: row.notify,
      ...(row.manual ? { manual: { expectedVersion: row.expected_version } } : {}),
      ...(row.state === 'parked' ? { parkedUntil: row.run_at.toISOString() } : {}),
      batch: row.batch,
      source: row.source,
      actor: { name: row.actor, apiKeyId: row.api_key_id, onBehalfOf: row.on_behalf_of },
      traceparent: row.traceparent,
      tracestate: row.tracestate,
      acceptedAt: row.accepted_at,
      dueInMs: row.due_in_ms,
    });
  }
  return byOrder;
}

type EventRow = {
  id: string;
  order_id: string;
  state: string;
  run_at: Date;
  due_in_ms: number;
  batch: string | null;
  source: string;
  type: PendingEvent['type'];
  occurred_at: Date;
  data: PendingEvent['data'];
  notify: boolean;
  manual: boolean;
  expected_version: number | null;
  traceparent: string | null;
  tracestate: string | null;
  accepted_at: Date;
  actor: string;
  api_key_id: string | null;
  on_behalf_of: string | null;
};

/**
 * Finds delivered jobs that are open although their event was not read: their event is gone. Other such jobs have ended
 * meanwhile. No statement runs in the usual case that every event was read.
 */
export async function openWithoutEvent(query: Query, jobIds: readonly string[]): Promise<ReadonlySet<string>> {
  if (jobIds.length === 0) return new Set();
  const { lowest, highest } = idRange(jobIds);
  const rows = await query<{ id: string }>(
    `select j.id
     from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
     where j.state in ('runnable', 'parked') and not exists (select from events where event_id = j.id offset 0)`,
    [jobIds, lowest, highest],
  );
  return new Set(rows.map(({ id }) => id));
}

/** The job of the first event that has no outcome and is not parked, of the order of a job. */
export async function firstUnapplied(
  db: Pick<Database, 'query'>,
  jobId: string,
): Promise<{ readonly id: string; readonly dueInMs: number } | undefined> {
  const [row] = await db.query<{ id: string; dueInMs: number }>(
    `select j.id, extract(epoch from j.run_at - now())::float8 * 1000 as "dueInMs"
     from (
       select * from jobs where order_id = (select order_id from jobs where id = $1) and destination is null offset 0
     ) as j
     cross join lateral (select acceptance from events where event_id = j.id offset 0) as e
     where j.name = 'apply-order-event' and j.state = 'runnable'
     order by e.acceptance
     limit 1`,
    [jobId],
  );
  return row;
}
