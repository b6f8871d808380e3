import type { OrderStatus } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import type { AuditAction } from '@orderly/ledger';

/** What a person did that concerns the order. */
export interface TimelineAction {
  readonly kind: 'action';
  readonly at: Date;
  readonly action: AuditAction;
  /** For a pause, the queue. */
  readonly subject: string | null;
  readonly actor: string;
  readonly onBehalfOf: string | null;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus | null;
  readonly version: number | null;
  /** Of a manual change: the version that was decided on. */
  readonly expectedVersion: number | null;
  readonly reason: string | null;
  /** Of a refusal. */
  readonly code: string | null;
  readonly traceId: string | null;
}

/**
 * Actions on the order that are not told by an event, and pauses of queues that one of its jobs stood in meanwhile, whenever they
 * began: of each the newest so many, the oldest first.
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

/** $1 order, $2 limit. What became of an event, the event tells; a request that became one, too. */
const actionsSql = `
  select ${columns} from audit a
  where a.order_id = $1 and a.action not like 'event.%' and not exists (select from events e where e.event_id = a.event_id)
  order by a.id desc
  limit $2`;

/**
 * $1 order, $2 limit. Of each queue what was done since the order's first job stood in it, and the last thing before that, which
 * that job may have met. A pause lasts until the next row of its queue.
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
