import { applyOrderEvent, queueNames } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import { placeholderOf, type OrderState } from '@orderly/orders';
import { idRange } from '../jobs/id-range';
import { orderOf, type LockedOrders, type OrderRow } from './read-orders';

/** The state of a delivered job. */
export interface FoundJob {
  readonly id: string;
  readonly name: string;
  readonly order_id: string | null;
  readonly state: string;
  readonly attempts_used: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly due_in_ms: number;
  /** How long the queue is still held; null if it is not. */
  readonly hold_ms: number | null;
  /** How long the order is still paused; null if it is not. */
  readonly order_hold_ms: number | null;
  /** Its payload names its order, as every job of an event does. */
  readonly is_sound: boolean;
  /** Its events may be applied now, and its order is locked. */
  readonly is_open: boolean;
}

/**
 * Finds delivered jobs and locks the orders of those that may run, in one statement. An unknown order gets a placeholder, which
 * is locked because this transaction inserted it.
 */
export async function lockDelivered(
  query: Query,
  jobIds: readonly string[],
): Promise<LockedOrders & { readonly jobs: ReadonlyMap<string, FoundJob> }> {
  const { lowest, highest } = idRange(jobIds);
  const values = [jobIds, lowest, highest, queueNames.orderStatus, applyOrderEvent.name];
  for (;;) {
    const rows = await query<DeliveredRow>(lockSql, values);
    // Another process inserted one of the placeholders at the same moment. Nothing was locked; the next read sees the order.
    if (rows.some((row) => row.is_open && !row.is_new && row.locked_id === null)) continue;
    const orders = new Map<string, OrderState>();
    for (const row of rows) {
      if (!row.is_open) continue;
      if (row.is_new) orders.set(row.order_id, placeholderOf(row.order_id));
      else if (row.is_first) orders.set(row.order_id, orderOf(row));
    }
    return {
      jobs: new Map(rows.map((row) => [row.id, row])),
      orders: [...orders.values()],
      now: (rows[0]?.now ?? new Date()).toISOString(),
    };
  }
}

type DeliveredRow = FoundJob & OrderRow & { order_id: string; locked_id: string | null; is_new: boolean; is_first: boolean };

/**
 * $1 ids of jobs, $2 and $3 the lowest and highest of them, $4 their queue, $5 the name of the jobs that are applied.
 * Placeholders are made before anything is locked, and orders are locked in the order of their keys: so no two processes wait for
 * each other. If another process made one of the placeholders, nothing is locked. Jobs and orders are found by their keys:
 * `offset 0` keeps the planner from indexes that lead through all jobs of the queue, or through all orders.
 */
const lockSql = `
  with delivered as (
    select d.*, coalesce(d.is_sound and d.hold_ms is null and d.order_hold_ms is null and d.name = $5 and d.state in ('runnable', 'parked') and d.due_in_ms <= 0,
      false) as is_open
    from (
      select j.id, j.name, j.order_id, j.state, j.attempts_used, j.traceparent, j.tracestate,
        coalesce(j.payload ->> 'orderId' = j.order_id, false) as is_sound,
        extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms,
        extract(epoch from h.until - now())::float8 * 1000 as hold_ms,
        extract(epoch from o.until - now())::float8 * 1000 as order_hold_ms
      from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
      left join holds h on h.scope = 'queue' and h.key = $4 and h.until > now()
      left join holds o on o.scope = 'order' and o.key = j.order_id and o.until > now()
      where j.queue = $4
    ) d
  ),
  wanted as (
    select distinct order_id from delivered where is_open
  ),
  unknown as (
    select order_id from wanted w where not exists (select from orders where order_id = w.order_id offset 0)
  ),
  placed as (
    insert into orders (order_id) select order_id from unknown order by 1 on conflict do nothing returning order_id
  ),
  locked as (
    select order_id, status, version, data, key_times, status_occurred_at
    from orders
    where order_id = any(array(select order_id from wanted))
      and (select count(*) from placed) = (select count(*) from unknown)
    order by order_id
    for update
  )
  select d.*, now() as now, p.order_id is not null as is_new, l.order_id as locked_id, l.status, l.version, l.status_occurred_at,
    case when d.is_first then l.data end as data, case when d.is_first then l.key_times end as key_times
  from (select *, row_number() over (partition by order_id, is_open order by id) = 1 as is_first from delivered) as d
  left join placed p on p.order_id = d.order_id
  left join locked l on l.order_id = d.order_id`;
