import type { JobOutcome } from './job-state';

/** The trace context of a cause. */
export interface ApplyContext {
  readonly traceparent: string;
  readonly tracestate?: string | null;
}

/** A delivered job whose effect lies in PostgreSQL alone. It needs no claim: the row lock of its order serves as one. */
export interface Delivery {
  readonly jobId: string;
  /**
   * Called when the job is found and may run, before its effect. Called again if the transaction has to be repeated.
   *
   * @returns the trace context of the effect: follow-up jobs continue its trace
   */
  readonly begin?: (job: DeliveredJob) => ApplyContext | undefined;
}

/** The facts of a job that may run. */
export interface DeliveredJob {
  readonly id: string;
  readonly name: string;
  readonly orderId: string;
  readonly attemptsUsed: number;
  /** How long it was due before it was delivered. */
  readonly waitMs: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/** The result of a delivery, as the transaction of the work has written it. */
export type ApplyResult =
  | { readonly kind: 'ended'; readonly outcome: JobOutcome; readonly version: number | null; readonly code?: string }
  | { readonly kind: 'parked' }
  /** Not due, or behind an earlier event of the order that waits for its retry: to be delivered again. */
  | { readonly kind: 'later'; readonly delayMs: number }
  /** The queue is held: fetch none of its jobs for this long. */
  | { readonly kind: 'held'; readonly delayMs: number }
  /** The job can never be applied. Nothing is written: the runtime ends it as a dead letter. */
  | { readonly kind: 'refused'; readonly code: 'event-missing' | 'invalid-payload' | 'unknown-job' }
  /** Ended or parked: this delivery has nothing to do. */
  | { readonly kind: 'idle' }
  /** No row has this id. */
  | { readonly kind: 'missing' };

/** Applies one delivery. Calls that are made at the same time share one transaction. */
export type ApplyJob = (delivery: Delivery) => Promise<ApplyResult>;
