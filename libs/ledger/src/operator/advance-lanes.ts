import type { RunnableJob } from '@orderly/jobs';
import type { Query } from '@orderly/database';

/** The key of a lane. */
export interface LaneKey {
  readonly orderId: string;
  readonly destination: string;
}

/**
 * Gives lanes their right head after an operator changed jobs in them. A lane whose blocking job was decided is unblocked. In mode
 * `every-event` the lowest open version becomes head, even before a head that has not been claimed yet; in mode `latest-state`
 * the newest version does, and older ones are superseded. A running head stays.
 *
 * @param lanes - locked by this transaction, and each named once
 * @returns the new heads: the relay's work after the commit
 */
export async function advanceLanes(query: Query, lanes: readonly LaneKey[]): Promise<RunnableJob[]> {
  if (lanes.length === 0) return [];
  return query<RunnableJob>(advanceSql, [lanes.map(({ orderId }) => orderId), lanes.map(({ destination }) => destination)]);
}

/**
 * $1 orders and $2 destinations, in pairs. Jobs are found by their order or id (`offset 0` keeps it so); their state is compared in
 * a way that no index serves. A head that another process is claiming at this moment is left alone (`skip locked`): claims lock
 * jobs without their lanes, so waiting for one could deadlock.
 */
const advanceSql = `
  with lane as (
    select l.order_id, l.destination, l.acked_version, coalesce(d.mode = 'latest-state', false) as sends_newest,
      b.id as blocked_by, h.id as head, h.version as head_version, h.state as head_state
    from lanes l
    left join destinations d on d.name = l.destination
    left join lateral (
      select id from jobs where id = l.blocked_by and outcome || '' in ('dead', 'unknown') offset 0
    ) b on true
    left join lateral (
      select id, version, state from jobs where id = l.head and state || '' in ('runnable', 'running') offset 0
    ) h on true
    where l.order_id = any($1) and (l.order_id, l.destination) in (select * from unnest($1::text[], $2::text[]))
  ),
  first as (
    select l.order_id, l.destination, l.head, n.id, n.version
    from lane l
    cross join lateral (
      select j.id, j.version
      from jobs j
      where j.order_id = l.order_id and j.destination = l.destination and j.state || '' = 'blocked' and j.version > l.acked_version
      order by case when l.sends_newest then -j.version else j.version end, j.id
      limit 1
    ) n
    where l.blocked_by is null
      and (l.head is null or (l.head_state = 'runnable' and not l.sends_newest and n.version < l.head_version))
  ),
  demoted as (
    select j.id from jobs j
    where j.id = any(array(select head from first where head is not null)) and j.state || '' = 'runnable'
    for update skip locked
  ),
  heads as (
    select * from first where head is null or head in (select id from demoted)
  ),
  stepped_back as (
    update jobs j set state = 'blocked', wait_reason = 'behind-head' where j.id = any(array(select id from demoted))
  ),
  superseded as (
    update jobs j
    set state = 'ended', outcome = 'superseded', wait_reason = null, ended_at = now()
    from lane l left join heads h using (order_id, destination)
    where j.order_id = any($1) and j.order_id = l.order_id and j.destination = l.destination and l.blocked_by is null
      and j.state || '' = 'blocked'
      and (j.version <= l.acked_version or (l.sends_newest and l.head is null and j.version <= h.version and j.id <> h.id))
  ),
  promoted as (
    update jobs j set state = 'runnable', wait_reason = null, run_at = now()
    where j.id = any(array(select id from heads))
    returning j.id, j.name, j.queue, j.priority
  ),
  moved as (
    update lanes l
    set head = case when b.blocked_by is null then coalesce(h.id, b.head) end, blocked_by = b.blocked_by, updated_at = now()
    from lane b left join heads h using (order_id, destination)
    where l.order_id = any($1) and l.order_id = b.order_id and l.destination = b.destination
  )
  select id, name, queue, priority from promoted`;
