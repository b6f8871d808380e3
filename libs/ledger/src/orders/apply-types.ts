import type { NotificationKind, OrderChange } from '@orderly/contracts';
import type { JobOutcome, NewJob, RunnableJob } from '@orderly/jobs';
import type { AppliedDecision, DeadlinePolicy, OrderState, PendingEvent } from '@orderly/orders';

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
  /** Nothing was left to do. */
  | { readonly kind: 'idle' };

/** What follows from an applied change. */
export interface FollowUps {
  readonly syncs: readonly NewJob[];
  readonly messages: readonly {
    readonly job: NewJob;
    readonly kind: NotificationKind;
    readonly channel: string;
    readonly recipient: string | null;
  }[];
}

/** An applied event, as the fan-out sees it. */
export interface AppliedEvent {
  readonly orderId: string;
  readonly version: number;
  readonly event: PendingEvent;
  readonly kind: AppliedDecision['kind'];
  readonly change: OrderChange;
  readonly data: OrderState['data'];
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

export interface ApplyOptions {
  /** How long an early event waits for the step before it, from its acceptance. */
  readonly parkedDeadlineMs: number;
  readonly atDeadline: DeadlinePolicy;
  /** Pure: which jobs and messages an applied event leads to. */
  readonly followUps: (applied: AppliedEvent) => FollowUps;
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
