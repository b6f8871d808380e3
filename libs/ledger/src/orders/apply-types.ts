import type { JobOutcome, RunnableJob } from '@orderly/jobs';
import type { PlanOrder } from './order-plan';

/** A delivered job whose order is to be brought up to date. */
export interface ApplyRequest {
  readonly jobId: string;
  readonly orderId: string;
  /** The context of the span in which the event is applied; its follow-up jobs continue there. */
  readonly traceparent?: string | null;
  readonly tracestate?: string | null;
}

export type ApplyResult =
  | { readonly kind: 'ended'; readonly outcome: JobOutcome; readonly version: number | null; readonly code?: string }
  | { readonly kind: 'parked' }
  /** An earlier event of the order waits for its retry, and this one behind it. */
  | { readonly kind: 'later'; readonly delayMs: number }
  /** The ledger has the job, but not its event: there is nothing to apply, now or later. */
  | { readonly kind: 'event-missing' }
  /** Nothing was left to do. */
  | { readonly kind: 'idle' };

export interface ApplyOptions {
  readonly plan: PlanOrder;
  readonly processId: string;
  /** Applies of the events that are not parked this one alone, if it is the first of its order: so that a bad one can be found. */
  readonly onlyEvent?: string;
}

export interface ApplyOutcome {
  /** One per request, in their order. */
  readonly results: ApplyResult[];
  /** Follow-up jobs that may run now: the relay's work. */
  readonly runnable: RunnableJob[];
}
