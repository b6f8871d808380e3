import type { Query } from '@orderly/database';

export interface LockedLane {
  readonly order_id: string;
  readonly destination: string;
  readonly head: string | null;
  readonly blocked_by: string | null;
}

/** Locks lanes, after making those that are missing, in one statement. */
export async function ensureLanes(
  query: Query,
  lanes: readonly Pick<LockedLane, 'order_id' | 'destination'>[],
): Promise<LockedLane[]> {
  const values = [lanes.map(({ order_id }) => order_id), lanes.map(({ destination }) => destination)];
  const locked = await query<LockedLane>(ensureSql, values);
  // A lane that another transaction makes or removes at this moment is seen by the next read.
  return locked.length === lanes.length ? locked : ensureLanes(query, lanes);
}

/**
 * $1 orders and $2 destinations, in pairs. Lanes are locked in the order of their keys, so that no two transactions
 * deadlock. A new lane is locked by its insertion, before the others.
 */
const ensureSql = `
  with wanted as (
    select * from unnest($1::text[], $2::text[]) as w(order_id, destination)
  ),
  placed as (
    insert into lanes (order_id, destination)
    select order_id, destination from wanted w
    where not exists (select from lanes where order_id = w.order_id and destination = w.destination offset 0)
    order by 1, 2
    on conflict do nothing
    returning order_id, destination, head, blocked_by
  ),
  locked as (
    select l.order_id, l.destination, l.head, l.blocked_by
    from lanes l
    where l.order_id = any($1) and (l.order_id, l.destination) in (select order_id, destination from wanted)
      and (select count(*) from placed) >= 0
    order by l.order_id, l.destination
    for update
  )
  select * from placed union all select * from locked`;
