import type { ApplyResult, RunnableJob } from '@orderly/jobs';
import type { PlanOrder } from './order-plan';

export interface ApplyOptions {
  readonly plan: PlanOrder;
  readonly processId: string;
  /** Applies of the events that are not parked this one alone, if it is the first of its order: so that a bad one can be found. */
  readonly onlyEvent?: string;
}

export interface ApplyOutcome {
  /** One per delivery, in their order. */
  readonly results: ApplyResult[];
  /** Follow-up jobs that may run now: the relay's work. */
  readonly runnable: RunnableJob[];
}
