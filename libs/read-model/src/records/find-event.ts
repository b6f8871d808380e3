import type { OrderEventType } from '@orderly/contracts';
import { waitsFor, type MissingStep, type PendingEvent } from '@orderly/orders';
import { and, eq } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { eventKeys, events, jobs, orders } from '../schema';
import { ormOf } from '../orm';

/** An event with its outcome. */
export interface EventRecord {
  /** Our own id of the event. */
  readonly eventId: string;
  /** The producer's id, unique together with `source`. */
  readonly id: string;
  readonly source: string;
  readonly type: OrderEventType;
  readonly orderId: string;
  /** By the producer's clock. */
  readonly occurredAt: Date;
  /** By the clock of PostgreSQL. */
  readonly acceptedAt: Date;
  readonly data: unknown;
  /** Whether the customer may be told about the event. */
  readonly notify: boolean;
  readonly batch: string | null;
  readonly outcome: EventOutcome;
}

/** The result of an event, derived from the job that applies it. */
export interface EventOutcome {
  /** `unknown` also stands for an event whose job has been deleted by retention. */
  readonly status:
    'pending' | 'applied' | 'duplicate' | 'superseded' | 'parked' | 'rejected' | 'skipped' | 'unknown' | 'discarded';
  /** The version of the order that the event created. */
  readonly version?: number;
  /** For a parked event: how long it waits for the order to move. */
  readonly deadline?: Date;
  /** For a parked event: `order.created`, or the missing statuses in their order. */
  readonly waitsFor?: readonly MissingStep[];
  readonly code?: string;
  readonly message?: string;
  /** For a rejected event: the order's status and the statuses that it could have changed to. */
  readonly detail?: unknown;
  /** When the job ended; undefined for an open one. */
  readonly at?: Date;
}

/** Finds an event by the producer's own id. Undefined if it was never accepted, or was deleted after its retention. */
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
    // Computed from the order's present status: it may have moved since the event was parked.
    outcome:
      outcome.status === 'parked'
        ? { ...outcome, waitsFor: waitsFor(row.orderStatus, { type, data: data as PendingEvent['data'] }) }
        : outcome,
  };
}

/** The columns of an applying job that the outcome of its event is derived from. */
export type ApplyingJob = Pick<
  typeof jobs.$inferSelect,
  'state' | 'outcome' | 'runAt' | 'resultVersion' | 'errorCode' | 'errorMessage' | 'detail' | 'endedAt'
>;

/**
 * Derives an event's outcome from the job that applies it.
 *
 * @param job - null if it has been deleted, as events may be kept for longer than jobs
 */
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
