import type { OrderEventType, OrderStatus } from '@orderly/contracts';
import type { JobOutcome } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import type { EventOutcome } from '../records/find-event';

/** Why a job failed for good: part of the entry of what failed. */
export interface TimelineDeadLetter {
  readonly job: string;
  readonly fingerprint: string | null;
  readonly code: string | null;
  readonly message: string | null;
  /** For a refused event, what the order's status was and which would have been allowed. */
  readonly detail: unknown;
  readonly at: Date;
}

/** What an applied event changed. */
interface AppliedChange {
  readonly version: number;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus;
  /** Statuses between the two that no event reported. */
  readonly skipped: readonly OrderStatus[];
  readonly reason: string | null;
  readonly appliedAt: Date;
}

/** An event that was accepted, and what became of it. */
export interface TimelineEvent {
  readonly kind: 'event';
  readonly at: Date;
  readonly eventId: string;
  readonly source: string;
  readonly id: string;
  readonly type: OrderEventType;
  /** The status that it asks for; null where it asks for none. */
  readonly asks: string | null;
  readonly occurredAt: Date;
  readonly actor: string;
  readonly onBehalfOf: string | null;
  /** A person asked for it, rather than a producer's report. */
  readonly manual: boolean;
  readonly outcome: EventOutcome['status'];
  readonly endedAt: Date | null;
  readonly change: AppliedChange | null;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** A change whose event is not kept any more. */
export interface TimelineChange extends AppliedChange {
  readonly kind: 'change';
  readonly at: Date;
  readonly eventId: string;
  readonly occurredAt: Date;
}

/** A job that told a destination of the order, or that did not have to any more. */
export interface TimelineDelivery {
  readonly kind: 'delivery';
  readonly at: Date;
  readonly job: string;
  readonly destination: string;
  /** The version that it was made for; a newer one may have been sent. */
  readonly version: number | null;
  /** By the last try, whatever came of it; null where nothing was tried, or its tries are not kept any more. */
  readonly sentVersion: number | null;
  readonly outcome: JobOutcome;
  readonly attemptsUsed: number;
  /** Of the last try. */
  readonly responseStatus: number | null;
  /** The partner's own id of what it took. */
  readonly confirmationId: string | null;
  /** Why it ended otherwise than done. */
  readonly reason: string | null;
  readonly deadLetter: TimelineDeadLetter | null;
  readonly traceId: string | null;
}

/** The newest so many events, the oldest of them first. */
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

const outcomes: Readonly<Record<string, EventOutcome['status']>> = { done: 'applied', dead: 'rejected' };

const outcomeOf = (state: string | null, outcome: string | null): EventOutcome['status'] =>
  outcome === null ? (state === null ? 'unknown' : 'pending') : (outcomes[outcome] ?? (outcome as EventOutcome['status']));

/** Changes whose events are not kept any more, the oldest first; of the newest so many. */
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

/** The newest so many deliveries that ended, the oldest of them first. */
export async function readTimelineDeliveries(query: Query, orderId: string, limit: number): Promise<TimelineDelivery[]> {
  const rows = await query<DeliveryRow>(deliveriesSql, [orderId, limit]);
  return rows.map((row) => ({ kind: 'delivery', ...row, deadLetter: row.deadLetter && { ...row.deadLetter, at: row.at } }));
}

type DeliveryRow = Omit<TimelineDelivery, 'kind' | 'deadLetter'> & { deadLetter: Omit<TimelineDeadLetter, 'at'> | null };

/** SQL: the status that `e`, a row of `events`, asks for. */
const askedStatusSql = `
  case e.type when 'order.created' then 'pending' when 'order.cancelled' then 'cancelled'
    when 'order.status_changed' then e.data ->> 'status' end`;

/** SQL: the dead letter of `j`, a row of `jobs`; null if it is none. */
export const deadLetterSql = `
  case when j.outcome = 'dead' then json_build_object('job', j.id, 'fingerprint', j.fingerprint, 'code', j.error_code,
    'message', j.error_message, 'detail', j.detail) end as "deadLetter"`;

/** SQL: the trace of a row's `traceparent`. */
export const traceIdSql = (table: string): string => `nullif(split_part(${table}.traceparent, '-', 2), '') as "traceId"`;

/** $1 order, $2 limit. */
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

/** $1 order, $2 limit. */
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
