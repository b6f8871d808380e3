import type { ApplyResult, RunnableJob } from '@orderly/jobs';
import type { PlanOrder } from './order-plan';

export interface ApplyOptions {
  readonly plan: PlanOrder;
  readonly processId: string;
  /** Of the events that are not parked, applies only this one, and only if it is the first of its order. It finds a bad event. */
  readonly onlyEvent?: string;
}

export interface ApplyOutcome {
  /** One per delivery, in their order. */
  readonly results: ApplyResult[];
  /** Follow-up jobs that may run now: the relay's work. */
  readonly runnable: RunnableJob[];
}
