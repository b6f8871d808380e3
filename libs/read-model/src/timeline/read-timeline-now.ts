import type { OrderEventType, OrderStatus } from '@orderly/contracts';
import { liveness } from '@orderly/jobs';
import { waitsFor, type MissingStep } from '@orderly/orders';
import type { Query } from '@orderly/database';
import { openJobOf, openJobSql, type OpenJob, type OpenJobJson } from './open-job';
import type { QueueFacts } from '../queues/read-queue-facts';
import type { MessageUnderWay } from './read-timeline-messages';

/** The open work of an order. */
export interface TimelineNow {
  /** Accepted events that have not been applied yet; null if there are none. */
  readonly pending: PendingEvents | null;
  readonly parked: readonly ParkedEvent[];
  readonly lanes: readonly TimelineLane[];
  readonly messages: readonly MessageUnderWay[];
  /** The queues of the open jobs, by name. */
  readonly queues: ReadonlyMap<string, QueueFacts>;
}

/** Events are applied in the order of their acceptance, so the job of the first one shows why all of them wait. */
export interface PendingEvents {
  readonly count: number;
  readonly job: OpenJob;
}

/** The wait of an event that came early. The event itself is among the entries. */
export interface ParkedEvent {
  readonly eventId: string;
  /** At the deadline the event is applied anyway or becomes a dead letter, as configured. */
  readonly deadline: Date;
  readonly waitsFor: readonly MissingStep[];
}

/** How far a destination has been told about the order. */
export interface TimelineLane {
  readonly destination: string;
  /** The newest version that the destination has confirmed; 0 for none. */
  readonly ackedVersion: number;
  /** A person must settle `job` before anything else is sent. */
  readonly isBlocked: boolean;
  /** The job that blocks the lane, or else its head, or else its newest job. Null if all its jobs have been deleted. */
  readonly job: OpenJob | null;
}

/** Reads the lanes of an order, sorted by destination. */
export async function readTimelineLanes(query: Query, orderId: string, limit: number): Promise<TimelineLane[]> {
  const rows = await query<Omit<TimelineLane, 'job'> & { job: OpenJobJson | null }>(
    `select l.destination, l.acked_version as "ackedVersion", l.blocked_by is not null as "isBlocked",
       case when j.id is not null then ${openJobSql('$3')} end as job
     from lanes l
     left join jobs j on j.id = coalesce(l.blocked_by, l.head, (
       select n.id from jobs n where n.order_id = l.order_id and n.destination = l.destination
       order by n.version desc, n.id desc limit 1))
     where l.order_id = $1
     order by l.destination
     limit $2`,
    [orderId, limit, liveness.staleMs],
  );
  return rows.map((row) => ({ ...row, job: row.job && openJobOf(row.job) }));
}

/** Counts the events that are still to be applied, and reads the job of the first. */
export async function readTimelinePending(query: Query, orderId: string): Promise<PendingEvents | null> {
  const [row] = await query<{ count: number; job: OpenJobJson }>(
    `select count(*) over () as count, ${openJobSql('$2')} as job
     from jobs j join events e on e.event_id = j.id
     where j.order_id = $1 and j.destination is null and j.name = 'apply-order-event' and j.state in ('runnable', 'running')
     order by e.acceptance
     limit 1`,
    [orderId, liveness.staleMs],
  );
  return row ? { count: row.count, job: openJobOf(row.job) } : null;
}

/**
 * Reads the parked events of an order in the order of their acceptance.
 *
 * @param current - the order's status, which the missing steps are computed from; null for a placeholder
 */
export async function readTimelineParked(
  query: Query,
  orderId: string,
  current: OrderStatus | null,
  limit: number,
): Promise<ParkedEvent[]> {
  const rows = await query<Omit<ParkedEvent, 'waitsFor'> & { type: OrderEventType; data: Record<string, unknown> }>(
    `select e.event_id as "eventId", e.type, j.run_at as deadline, jsonb_build_object('status', e.data -> 'status') as data
     from jobs j join events e on e.event_id = j.id
     where j.order_id = $1 and j.destination is null and j.name = 'apply-order-event' and j.state = 'parked'
     order by e.acceptance
     limit $2`,
    [orderId, limit],
  );
  return rows.map(({ type, data, ...parked }) => ({ ...parked, waitsFor: waitsFor(current, { type, data }) }));
}
