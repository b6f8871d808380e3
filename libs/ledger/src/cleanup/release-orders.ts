import type { Database, Query } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import type { ExpiredWeek } from './expired-weeks';
import { walkById } from './walk-by-id';

/** Events of one transaction: the rows of some 2,000 orders are locked meanwhile, which have been at rest for months. */
const eventBatch = 5_000;

/**
 * Removes the rows that an expired week leaves at its orders, before its events go and with them the list of these orders:
 *
 * - changes of the week and before it, except the newest version of each order and the snapshot that it builds on;
 * - lanes without open work, of orders that have not moved since;
 * - placeholders whose events all lie in this week.
 *
 * An order with a head or a blocked lane is left alone.
 *
 * @param since - changes of events before this id stay: an older week that is kept may still need them
 */
export async function releaseOrders(
  db: Database,
  week: ExpiredWeek,
  since: string,
  { batch = eventBatch, ...options }: CleanupOptions,
): Promise<CleanupReport> {
  const events = week.partitions.events;
  if (events === undefined) return { rows: 0, bytes: 0, isComplete: true };
  const step = async (query: Query, from: string, to: string): Promise<{ rows: number; bytes: number }> => {
    const orders = await query<{ id: string }>(
      `select distinct order_id as id from ${events} where event_id >= $1 and event_id < $2`,
      [from, to],
    );
    return releaseBatch(
      query,
      week,
      since,
      orders.map(({ id }) => id),
    );
  };
  try {
    return await walkById(
      db,
      { name: walkName(events), table: events, key: 'event_id', end: week.to, step },
      { ...options, batch },
    );
  } catch (error) {
    if ((error as { code?: unknown }).code !== undefinedTable) throw error;
    // Another process finished the walk and dropped the partition.
    await forgetWalk(db.query, events);
    return { rows: 0, bytes: 0, isComplete: true };
  }
}

const undefinedTable = '42P01';

/** The partition of events is gone, so its walk will never go on. */
export const forgetWalk = (query: Query, events: string): Promise<unknown> =>
  query(`delete from cleanup_cursors where name = $1`, [walkName(events)]);

const walkName = (events: string): string => `orders of ${events}`;

async function releaseBatch(
  query: Query,
  { from, to }: ExpiredWeek,
  since: string,
  orderIds: readonly string[],
): Promise<{ rows: number; bytes: number }> {
  // A fan-out locks the order before its lanes, as this does; an order that somebody works on is not at rest.
  const resting = await query<{ id: string }>(lockRestingSql, [orderIds, to]);
  const ids = resting.map(({ id }) => id);
  const sum = { rows: 0, bytes: 0 };
  for (const [text, values] of [
    [deleteChangesSql, [orderIds, since, to]],
    [deleteLanesSql, [ids]],
    [deletePlaceholdersSql, [ids, from, to]],
  ] as const) {
    const [gone] = await query<{ rows: number; bytes: number }>(text, values);
    sum.rows += gone?.rows ?? 0;
    sum.bytes += gone?.bytes ?? 0;
  }
  return sum;
}

const countGone = `select count(*)::integer as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone`;

/**
 * $1 orders, $2 the lowest id of the next week: an event at the end of a week may have been applied in the week after it, so
 * an order that moved within that week is also at rest.
 */
const lockRestingSql = `
  select order_id as id from orders
  where order_id = any($1) and uuid_floor(updated_at - interval '1 week') < $2
  order by order_id for update skip locked`;

/** $1 orders, $2 and $3 bounds of the events. A snapshot stays while a version that stays builds on it. */
const deleteChangesSql = `
  with marked as (
    select order_id, version, data is not null as is_snapshot,
      event_id >= $2 and event_id < $3 and lead(version) over in_order is not null as is_past,
      count(data) over in_order as snapshot
    from order_changes where order_id = any($1)
    window in_order as (partition by order_id order by version)
  ), judged as (
    select order_id, version, is_past and (not is_snapshot or bool_and(is_past) over (partition by order_id, snapshot)) as goes
    from marked
  ), gone as (
    delete from order_changes c using judged j
    where j.goes and c.order_id = any($1) and c.order_id = j.order_id and c.version = j.version
      and not exists (
        select from lanes l where l.order_id = j.order_id and (l.head is not null or l.blocked_by is not null))
    returning pg_column_size(c) as bytes
  )
  ${countGone}`;

/** $1 locked orders. */
const deleteLanesSql = `
  with gone as (
    delete from lanes l where order_id = any($1) and head is null and blocked_by is null returning pg_column_size(l) as bytes
  )
  ${countGone}`;

/** $1 locked orders, $2 and $3 bounds of the week. */
const deletePlaceholdersSql = `
  with gone as (
    delete from orders o
    where o.order_id = any($1) and o.status is null
      and not exists (select from events e where e.order_id = o.order_id and (e.event_id < $2 or e.event_id >= $3))
    returning pg_column_size(o) as bytes
  )
  ${countGone}`;
