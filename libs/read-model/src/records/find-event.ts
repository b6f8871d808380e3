import type { OrderEventType } from '@orderly/contracts';
import { waitsFor, type MissingStep, type PendingEvent } from '@orderly/orders';
import { and, eq } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { eventKeys, events, jobs, orders } from '../schema';
import { ormOf } from '../orm';

/** An event and what became of it. */
export interface EventRecord {
  readonly eventId: string;
  readonly id: string;
  readonly source: string;
  readonly type: OrderEventType;
  readonly orderId: string;
  readonly occurredAt: Date;
  readonly acceptedAt: Date;
  readonly data: unknown;
  readonly notify: boolean;
  readonly batch: string | null;
  readonly outcome: EventOutcome;
}

export interface EventOutcome {
  readonly status:
    'pending' | 'applied' | 'duplicate' | 'superseded' | 'parked' | 'rejected' | 'skipped' | 'unknown' | 'discarded';
  /** The version of the order that it made. */
  readonly version?: number;
  /** Until when a parked event waits for the order to move. */
  readonly deadline?: Date;
  /** What a parked event waits for: `order.created`, or the statuses that are missing, in order. */
  readonly waitsFor?: readonly MissingStep[];
  readonly code?: string;
  readonly message?: string;
  /** For a rejected one, what the order's status was and which would have been allowed. */
  readonly detail?: unknown;
  readonly at?: Date;
}

/** Undefined if it was never accepted, or its retention has passed. */
export async function findEvent(db: Database, source: string, id: string): Promise<EventRecord | undefined> {
  const [row] = await ormOf(db)
    .select({ event: events, job: jobs, orderStatus: orders.status })
    .from(eventKeys)
    .innerJoin(events, eq(events.eventId, eventKeys.eventId))
    .leftJoin(jobs, eq(jobs.id, eventKeys.eventId))
    .leftJoin(orders, eq(orders.orderId, eventKeys.orderId))
    .where(and(eq(eventKeys.source, source), eq(eventKeys.id, id)));
  if (row === undefined) return undefined;
  const { eventId, type, orderId, occurredAt, acceptedAt, data, notify, batch } = row.event;
  const outcome = outcomeOf(row.job);
  return {
    eventId,
    id,
    source,
    type,
    orderId,
    occurredAt,
    acceptedAt,
    data,
    notify,
    batch,
    // As of now: the order may have come nearer since the event was parked.
    outcome:
      outcome.status === 'parked'
        ? { ...outcome, waitsFor: waitsFor(row.orderStatus, { type, data: data as PendingEvent['data'] }) }
        : outcome,
  };
}

/** The job that applies an event, as far as it tells what became of the event. */
export type ApplyingJob = Pick<
  typeof jobs.$inferSelect,
  'state' | 'outcome' | 'runAt' | 'resultVersion' | 'errorCode' | 'errorMessage' | 'detail' | 'endedAt'
>;

/** An event has the outcome of the job that applies it; `null` for one that is not kept any more. */
export function outcomeOf(job: ApplyingJob | null): EventOutcome {
  if (job === null) return { status: 'unknown' };
  const { state, outcome, runAt, resultVersion, errorCode, errorMessage, detail, endedAt } = job;
  if (state === 'parked') return { status: 'parked', deadline: runAt };
  if (outcome === null) return { status: 'pending' };
  return {
    status: eventStatuses[outcome as keyof typeof eventStatuses],
    version: resultVersion ?? undefined,
    code: errorCode ?? undefined,
    message: errorMessage ?? undefined,
    detail: detail ?? undefined,
    at: endedAt ?? undefined,
  };
}

const eventStatuses = {
  done: 'applied',
  duplicate: 'duplicate',
  superseded: 'superseded',
  dead: 'rejected',
  skipped: 'skipped',
  unknown: 'unknown',
  discarded: 'discarded',
} as const;
