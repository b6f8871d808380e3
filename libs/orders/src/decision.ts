import type { OrderChange, OrderStatus, Version } from '@orderly/contracts';
import type { OrderState } from './order-state';

/** What one event does to one order. */
export type Decision =
  | AppliedDecision
  /** The order is there already: recorded, no effect. */
  | { readonly outcome: 'duplicate' }
  /** Too early: tried again whenever the order moves, until its deadline. */
  | { readonly outcome: 'parked' }
  /** The order is past it: recorded, no effect. */
  | { readonly outcome: 'superseded' }
  | RejectedDecision;

/** The order changes, and its version grows by one. */
export type AppliedDecision = {
  readonly outcome: 'applied';
  readonly next: OrderState;
  /** For `data`, `from` and `to` are both the current status. */
  readonly change: OrderChange;
  /** `status`: belongs into the status history. `data`: does not. */
  readonly kind: 'status' | 'data';
  /** Statuses between `from` and `to` that no event reported, in order; only ever filled when a deadline forced the change. */
  readonly skipped: readonly OrderStatus[];
};

/** The event can never be applied: its job ends as a dead letter with this code. */
export type RejectedDecision = {
  readonly outcome: 'rejected';
  readonly code: RejectionCode;
  /** `null`: the order is a placeholder. */
  readonly current: OrderStatus | null;
  /** 0 for a placeholder. */
  readonly currentVersion: Version;
  /** What could have been applied instead. */
  readonly allowed: readonly OrderStatus[];
};

export type RejectionCode = 'transition-not-allowed' | 'version-conflict' | 'order-unknown' | 'parked-too-long';
