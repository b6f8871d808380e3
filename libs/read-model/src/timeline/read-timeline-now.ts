import type { OrderEventType, OrderStatus } from '@orderly/contracts';
import { liveness } from '@orderly/jobs';
import { waitsFor, type MissingStep } from '@orderly/orders';
import type { Query } from '@orderly/database';
import { openJobOf, openJobSql, type OpenJob, type OpenJobJson } from './open-job';
import type { QueueFacts } from '../queues/read-queue-facts';
import type { MessageUnderWay } from './read-timeline-messages';

/** What is happening to an order now. */
export interface TimelineNow {
  /** Events that were accepted and are still to be applied; null where there are none. */
  readonly pending: PendingEvents | null;
  readonly parked: readonly ParkedEvent[];
  readonly lanes: readonly TimelineLane[];
  readonly messages: readonly MessageUnderWay[];
  /** The queues that the open jobs stand in, by name. */
  readonly queues: ReadonlyMap<string, QueueFacts>;
}

/** They are applied in the order in which they were accepted: the job of the first tells what they wait for. */
export interface PendingEvents {
  readonly count: number;
  readonly job: OpenJob;
}

/** What an event that came early waits for; what it is, its entry tells. */
export interface ParkedEvent {
  readonly eventId: string;
  /** What happens then is configured: it is applied all the same, or becomes a dead letter. */
  readonly deadline: Date;
  readonly waitsFor: readonly MissingStep[];
}

/** How far a destination has been told of the order. */
export interface TimelineLane {
  readonly destination: string;
  /** The newest version that it has confirmed; 0 for none. */
  readonly ackedVersion: number;
  /** A person must settle its job before anything else is sent. */
  readonly isBlocked: boolean;
  /** The job that blocks it, else its head, else the newest that ended; null where none is kept. */
  readonly job: OpenJob | null;
}

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

/** @param current - the order's status */
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
