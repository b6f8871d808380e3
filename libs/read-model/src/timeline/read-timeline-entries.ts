import type { OrderEventType, OrderStatus } from '@orderly/contracts';
import type { JobOutcome } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import type { EventOutcome } from '../records/find-event';

/** Why a job failed for good. It is part of the entry of the event, delivery or message that failed. */
export interface TimelineDeadLetter {
  readonly job: string;
  readonly fingerprint: string | null;
  readonly code: string | null;
  readonly message: string | null;
  /** For a rejected event: the order's status and the statuses that it could have changed to. */
  readonly detail: unknown;
  readonly at: Date;
}

/** The change that an applied event made. */
interface AppliedChange {
  /** The version of the order that the change created. */
  readonly version: number;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus;
  /** Statuses between the two that no event reported. */
  readonly skipped: readonly OrderStatus[];
  readonly reason: string | null;
  readonly appliedAt: Date;
}

/** An accepted event with its outcome. */
export interface TimelineEvent {
  readonly kind: 'event';
  readonly at: Date;
  readonly eventId: string;
  readonly source: string;
  readonly id: string;
  readonly type: OrderEventType;
  /** The status that the event asks for; null if it asks for none. */
  readonly asks: string | null;
  readonly occurredAt: Date;
  readonly actor: string;
  readonly onBehalfOf: string | null;
  /** A person requested the change; it is no report of a producer. */
  readonly manual: boolean;
  readonly outcome: EventOutcome['status'];
  readonly endedAt: Date | null;
  readonly change: AppliedChange | null;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** A change whose event has been deleted by retention. The newest version of an order outlives its event. */
export interface TimelineChange extends AppliedChange {
  readonly kind: 'change';
  readonly at: Date;
  readonly eventId: string;
  readonly occurredAt: Date;
}

/** An ended sync job of the order. */
export interface TimelineDelivery {
  readonly kind: 'delivery';
  readonly at: Date;
  readonly job: string;
  readonly destination: string;
  /** The version that the job was created for; a newer one may have been sent. */
  readonly version: number | null;
  /** The version that the last try sent, even if it failed. Null if nothing was tried, or the attempts have been deleted. */
  readonly sentVersion: number | null;
  readonly outcome: JobOutcome;
  readonly attemptsUsed: number;
  /** The HTTP status that the last try received. */
  readonly responseStatus: number | null;
  /** The partner's own id for the delivery. */
  readonly confirmationId: string | null;
  /** Why the job ended without `done`. Null for a dead letter, which has its own message. */
  readonly reason: string | null;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** Reads the newest `limit` events, the oldest of them first. */
export async function readTimelineEvents(query: Query, orderId: string, limit: number): Promise<TimelineEvent[]> {
  const rows = await query<EventRow>(eventsSql, [orderId, limit]);
  return rows.map(({ state, jobOutcome, change, ...event }) => ({
    kind: 'event',
    ...event,
    outcome: state === 'parked' ? 'parked' : outcomeOf(state, jobOutcome),
    change: change && { ...change, appliedAt: new Date(change.appliedAt) },
    deadLetter: event.deadLetter && event.endedAt && { ...event.deadLetter, at: event.endedAt },
  }));
}

type EventRow = Omit<TimelineEvent, 'kind' | 'outcome' | 'change' | 'deadLetter'> & {
  state: string | null;
  jobOutcome: string | null;
  change: (Omit<AppliedChange, 'appliedAt'> & { appliedAt: number }) | null;
  deadLetter: Omit<TimelineDeadLetter, 'at'> | null;
};

/** The two outcomes of jobs that have another name for events. */
const outcomes: Readonly<Record<string, EventOutcome['status']>> = { done: 'applied', dead: 'rejected' };

const outcomeOf = (state: string | null, outcome: string | null): EventOutcome['status'] =>
  outcome === null ? (state === null ? 'unknown' : 'pending') : (outcomes[outcome] ?? (outcome as EventOutcome['status']));

/** Reads those of the newest `limit` changes whose events have been deleted, the oldest first. */
export async function readTimelineChanges(query: Query, orderId: string, limit: number): Promise<TimelineChange[]> {
  const rows = await query<Omit<TimelineChange, 'kind' | 'at'>>(
    `select c.event_id as "eventId", c.version, c.from_status as "from", c.to_status as "to", c.skipped,
       c.occurred_at as "occurredAt", c.reason, c.applied_at as "appliedAt"
     from (select * from order_changes where order_id = $1 order by version desc limit $2) c
     where not exists (select from events e where e.event_id = c.event_id)
     order by c.version`,
    [orderId, limit],
  );
  return rows.map((row) => ({ kind: 'change', at: row.appliedAt, ...row }));
}

/** Reads the newest `limit` deliveries that ended, the oldest of them first. */
export async function readTimelineDeliveries(query: Query, orderId: string, limit: number): Promise<TimelineDelivery[]> {
  const rows = await query<DeliveryRow>(deliveriesSql, [orderId, limit]);
  return rows.map((row) => ({ kind: 'delivery', ...row, deadLetter: row.deadLetter && { ...row.deadLetter, at: row.at } }));
}

type DeliveryRow = Omit<TimelineDelivery, 'kind' | 'deadLetter'> & { deadLetter: Omit<TimelineDeadLetter, 'at'> | null };

/** SQL for the status that `e`, a row of `events`, asks for. */
const askedStatusSql = `
  case e.type when 'order.created' then 'pending' when 'order.cancelled' then 'cancelled'
    when 'order.status_changed' then e.data ->> 'status' end`;

/** SQL for the dead letter of `j`, a row of `jobs`; null if the job did not end `dead`. */
export const deadLetterSql = `
  case when j.outcome = 'dead' then json_build_object('job', j.id, 'fingerprint', j.fingerprint, 'code', j.error_code,
    'message', j.error_message, 'detail', j.detail) end as "deadLetter"`;

/** SQL for the trace id in a row's `traceparent` (`version-traceid-parent-flags`). */
export const traceIdSql = (table: string): string => `nullif(split_part(${table}.traceparent, '-', 2), '') as "traceId"`;

/** $1 order, $2 limit. Only an applied event's job has a `result_version`, so other events join no change. */
const eventsSql = `
  select e.event_id as "eventId", e.source, e.id, e.type, ${askedStatusSql} as asks, e.occurred_at as "occurredAt",
    e.accepted_at as at, e.actor, e.on_behalf_of as "onBehalfOf", e.manual, ${traceIdSql('e')},
    j.state, j.outcome as "jobOutcome", j.ended_at as "endedAt", ${deadLetterSql},
    case when c.version is not null then json_build_object('version', c.version, 'from', c.from_status, 'to', c.to_status,
      'skipped', c.skipped, 'reason', c.reason, 'appliedAt', floor(extract(epoch from c.applied_at) * 1000)) end as change
  from (select * from events where order_id = $1 order by acceptance desc limit $2) e
  left join jobs j on j.id = e.event_id
  left join order_changes c on c.order_id = $1 and c.version = j.result_version and c.event_id = e.event_id
  order by e.acceptance`;

/** $1 order, $2 limit. A job that ended without a try has no row in `attempts`. */
const deliveriesSql = `
  select j.id as job, coalesce(j.ended_at, j.created_at) as at, j.destination, j.version,
    coalesce(j.result_version, a.version_sent) as "sentVersion", j.outcome, j.attempts_used as "attemptsUsed", a.response_status as "responseStatus",
    a.confirmation_id as "confirmationId", case when j.outcome not in ('done', 'dead') then j.error_message end as reason,
    ${deadLetterSql}, ${traceIdSql('j')}
  from (
    select * from jobs where order_id = $1 and destination is not null and state = 'ended' order by id desc limit $2
  ) j
  left join lateral (
    select version_sent, response_status, confirmation_id from attempts where job_id = j.id order by number desc limit 1
  ) a on true
  order by at, j.id`;
