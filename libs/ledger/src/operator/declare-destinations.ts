import type { Database } from '@orderly/database';
import type { RunnableJob } from '@orderly/jobs';
import { ensureLanes } from '../orders/ensure-lanes';
import { advanceLanes } from './advance-lanes';

/** The settings of a destination that decide about its lanes. */
export interface DeclaredDestination {
  readonly name: string;
  readonly mode: 'every-event' | 'latest-state';
  readonly onDeadHead: 'block' | 'supersede' | 'skip';
}

/**
 * Stores the settings of all destinations of the file, and marks the others as removed. Written at every start of a worker: the last
 * one to start has the newest file.
 */
export async function declareDestinations(
  db: Pick<Database, 'query'>,
  destinations: readonly DeclaredDestination[],
): Promise<void> {
  await db.query(declareSql, [JSON.stringify(destinations)]);
}

/** $1 destinations (JSON). Rows are locked in the order of their names, because several workers may start at once. */
const declareSql = `
  with given as (
    select * from jsonb_to_recordset($1::jsonb) as g(name text, mode text, "onDeadHead" text)
  ),
  removed as (
    update destinations d set declared = false, updated_at = now()
    where d.declared and d.name not in (select name from given)
  )
  insert into destinations (name, mode, on_dead_head)
  select name, mode, "onDeadHead" from given order by name
  on conflict (name) do update
    set mode = excluded.mode, on_dead_head = excluded.on_dead_head, declared = true, updated_at = now()
    where (destinations.mode, destinations.on_dead_head, destinations.declared) is distinct from
      (excluded.mode, excluded.on_dead_head, true)`;

/** Lanes per transaction. */
const pageSize = 200;

/**
 * Frees lanes that a dead letter blocks although the destination's present settings would not let it: `onDeadHead` was changed from
 * `block`. The dead letters stay. With `supersede` the newest version is sent, with `skip` the next one. A lane that a job with
 * an unknown outcome blocks stays blocked.
 *
 * @returns the number of lanes
 */
export async function freeBlockedLanes(
  db: Pick<Database, 'transaction'>,
  destination: string,
  relay: (jobs: readonly RunnableJob[]) => void,
): Promise<number> {
  let [freed, after] = [0, ''];
  for (;;) {
    const page = await db.transaction(async (query) => {
      const lanes = await query<{ order_id: string; destination: string }>(
        `select l.order_id, l.destination
         from lanes l
         join destinations d on d.name = l.destination and d.on_dead_head <> 'block'
         where l.destination = $1 and l.blocked_by is not null and l.order_id > $2
           and exists (select from jobs j where j.id = l.blocked_by and j.outcome || '' = 'dead' offset 0)
         order by l.order_id
         limit ${pageSize}`,
        [destination, after],
      );
      if (lanes.length === 0) return undefined;
      await ensureLanes(query, lanes);
      const orderIds = lanes.map(({ order_id }) => order_id);
      const runnable = await advanceLanes(
        query,
        (await query<{ order_id: string }>(unblockSql, [orderIds, destination])).map(({ order_id: orderId }) => ({
          orderId,
          destination,
        })),
      );
      return { orderIds, runnable };
    });
    if (page === undefined) return freed;
    relay(page.runnable);
    freed += page.orderIds.length;
    after = page.orderIds.at(-1) ?? after;
  }
}

/**
 * $1 orders, $2 destination; their lanes are locked. With `supersede` all waiting versions but the newest end, as they would have
 * when the letter died.
 */
const unblockSql = `
  with freed as (
    update lanes l set blocked_by = null, updated_at = now()
    where l.order_id = any($1) and l.destination = $2
      and exists (select from jobs j where j.id = l.blocked_by and j.outcome || '' = 'dead' offset 0)
    returning l.order_id
  ),
  superseded as (
    update jobs j set state = 'ended', outcome = 'superseded', wait_reason = null, ended_at = now()
    where j.order_id = any(array(select order_id from freed)) and j.destination = $2 and j.state || '' = 'blocked'
      and exists (select from destinations where name = $2 and on_dead_head = 'supersede')
      and exists (
        select from jobs newer
        where newer.order_id = j.order_id and newer.destination = j.destination and newer.state || '' = 'blocked'
          and newer.version > j.version
      )
  )
  select order_id from freed`;
