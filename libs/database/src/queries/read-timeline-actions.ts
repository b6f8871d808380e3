import type { OrderStatus } from '@orderly/contracts';
import type { AuditAction } from '../audit/audit-entry';
import type { Query } from '../database';

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
  readonly reason: string | null;
  /** Of a refusal. */
  readonly code: string | null;
  readonly traceId: string | null;
}

/**
 * Actions on the order that are not told by an event, and pauses of queues that one of its jobs stood in at the time: of each the
 * newest so many, the oldest first.
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
  a.reason, a.code, a.trace_id as "traceId"`;

/** $1 order, $2 limit. What became of an event, the event tells; a request that became one, too. */
const actionsSql = `
  select ${columns} from audit a
  where a.order_id = $1 and a.action not like 'event.%' and not exists (select from events e where e.event_id = a.event_id)
  order by a.id desc
  limit $2`;

/** $1 order, $2 limit. */
const pausesSql = `
  select ${columns} from audit a
  where a.subject in (select queue from jobs where order_id = $1)
    and a.id >= (select uuid_floor(min(created_at)) from jobs where order_id = $1)
    and a.action in ('queue.paused', 'queue.resumed')
    and exists (
      select from jobs j
      where j.order_id = $1 and j.queue = a.subject and j.created_at <= a.at and (j.ended_at is null or j.ended_at >= a.at))
  order by a.id desc
  limit $2`;
