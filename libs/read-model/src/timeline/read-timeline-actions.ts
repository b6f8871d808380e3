import type { OrderStatus } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import type { AuditAction } from '@orderly/ledger';

/** An action of a person that concerns the order. */
export interface TimelineAction {
  readonly kind: 'action';
  readonly at: Date;
  readonly action: AuditAction;
  /** The queue that was paused or resumed. */
  readonly subject: string | null;
  readonly actor: string;
  readonly onBehalfOf: string | null;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus | null;
  readonly version: number | null;
  /** For a manual change: the version that the person saw when deciding. */
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  /** The error code of a refusal. */
  readonly code: string | null;
  readonly traceId: string | null;
}

/**
 * Reads actions on the order that no event shows, and pauses that affected one of its jobs, sorted by time. A pause counts even
 * if it began before the order existed.
 *
 * @param limit - the highest number of entries of each of the two kinds; older ones are left out
 */
export async function readTimelineActions(query: Query, orderId: string, limit: number): Promise<TimelineAction[]> {
  const ofOrder = await query<ActionRow>(actionsSql, [orderId, limit]);
  const ofQueues = await query<ActionRow>(pausesSql, [orderId, limit]);
  return [...ofOrder, ...ofQueues]
    .map((row): TimelineAction => ({ kind: 'action', ...row }))
    .toSorted((one, other) => one.at.getTime() - other.at.getTime());
}

type ActionRow = Omit<TimelineAction, 'kind'>;

const columns = `
  a.at, a.action, a.subject, a.actor, a.on_behalf_of as "onBehalfOf", a.from_status as "from", a.to_status as "to", a.version,
  (a.detail ->> 'expectedVersion')::integer as "expectedVersion", a.reason, a.code, a.trace_id as "traceId"`;

/** $1 order, $2 limit. The entry of an event already shows its outcome and the request behind it, so these are left out. */
const actionsSql = `
  select ${columns} from audit a
  where a.order_id = $1 and a.action not like 'event.%' and not exists (select from events e where e.event_id = a.event_id)
  order by a.id desc
  limit $2`;

/**
 * $1 order, $2 limit. For each queue it reads the actions since the order's first job entered it, and the last action before,
 * because that job may have met a pause. A pause lasts until the next action on its queue.
 */
const pausesSql = `
  with stood as (select queue, uuid_floor(min(created_at)) as since from jobs where order_id = $1 group by queue),
  told as (
    select a.*, case a.action when 'queue.resumed' then a.at
      else coalesce(lead(a.at) over (partition by a.subject order by a.id), 'infinity') end as until
    from stood s cross join lateral (
      (select * from audit b where b.subject = s.queue and b.id < s.since order by b.id desc limit 1)
      union all
      select * from audit b where b.subject = s.queue and b.id >= s.since
    ) a
    where a.action in ('queue.paused', 'queue.resumed')
  )
  select ${columns} from told a
  where exists (
    select from jobs j
    where j.order_id = $1 and j.queue = a.subject and j.created_at <= a.until and (j.ended_at is null or j.ended_at >= a.at))
  order by a.id desc
  limit $2`;
