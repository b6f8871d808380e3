import type { Database, Query } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import type { ExpiredWeek } from './expired-weeks';
import { walkById } from './walk-by-id';

/** Events in one transaction. It locks the rows of about 2,000 orders, which have not changed for months. */
const eventBatch = 5_000;

/**
 * Removes old rows of the orders that have events in an expired week. It must run before the events are dropped, because they are
 * the only list of these orders. It removes:
 *
 * - changes up to the end of the week, except the newest version of each order and the snapshot that it builds on;
 * - lanes without open work, if the order has not changed since;
 * - placeholders whose events are all in this week.
 *
 * An order with a head or a blocked lane keeps its changes and that lane.
 *
 * @param since - changes of events before this id are kept, because an older week that is kept may need them
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
    // Another process has finished the walk and dropped the partition.
    await forgetWalk(db.query, events);
    return { rows: 0, bytes: 0, isComplete: true };
  }
}

const undefinedTable = '42P01';

/** Deletes the position of a walk whose partition of events has been dropped. */
export const forgetWalk = (query: Query, events: string): Promise<unknown> =>
  query(`delete from cleanup_cursors where name = $1`, [walkName(events)]);

const walkName = (events: string): string => `orders of ${events}`;

async function releaseBatch(
  query: Query,
  { from, to }: ExpiredWeek,
  since: string,
  orderIds: readonly string[],
): Promise<{ rows: number; bytes: number }> {
  // Locks orders before lanes, as a fan-out does, so that the two cannot deadlock. Locked orders are in use and are skipped.
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
 * $1 orders, $2 the lowest id of the next week. An order is at rest if it has not changed for a week after this one: an event at
 * the end of a week may be applied in the next week.
 */
const lockRestingSql = `
  select order_id as id from orders
  where order_id = any($1) and uuid_floor(updated_at - interval '1 week') < $2
  order by order_id for update skip locked`;

/**
 * $1 orders, $2 and $3 the range of events. A snapshot is a change with data; later versions without data build on it. So it is
 * kept as long as one of these versions is.
 */
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

/** $1 locked orders. A later event of the order creates the lane again, from the version that was last confirmed as 0. */
const deleteLanesSql = `
  with gone as (
    delete from lanes l where order_id = any($1) and head is null and blocked_by is null returning pg_column_size(l) as bytes
  )
  ${countGone}`;

/** $1 locked orders, $2 and $3 the range of ids of the week. */
const deletePlaceholdersSql = `
  with gone as (
    delete from orders o
    where o.order_id = any($1) and o.status is null
      and not exists (select from events e where e.order_id = o.order_id and (e.event_id < $2 or e.event_id >= $3))
    returning pg_column_size(o) as bytes
  )
  ${countGone}`;
