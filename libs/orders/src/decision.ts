import type { OrderChange, OrderStatus, Version } from '@orderly/contracts';
import type { OrderState } from './order-state';

/** The effect of one event on one order. */
export type Decision =
  | AppliedDecision
  /** The order already has the status: recorded, no effect. */
  | { readonly outcome: 'duplicate' }
  /** Too early: tried again after each status change of the order, until the deadline. */
  | { readonly outcome: 'parked' }
  /** The order has passed the status, or newer data exists: recorded, no effect. */
  | { readonly outcome: 'superseded' }
  | RejectedDecision;

/** The order changes, and its version grows by one. */
export type AppliedDecision = {
  readonly outcome: 'applied';
  readonly next: OrderState;
  /** For `data`, `from` and `to` are both the current status. */
  readonly change: OrderChange;
  /** `status` is part of the status history, `data` is not. */
  readonly kind: 'status' | 'data';
  /** Statuses between `from` and `to` that no event reported, in order. Empty unless a deadline forced the change. */
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
  /** The statuses that the order can take instead. */
  readonly allowed: readonly OrderStatus[];
};

export type RejectionCode = 'transition-not-allowed' | 'version-conflict' | 'order-unknown' | 'parked-too-long';
