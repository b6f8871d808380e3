import type { OrderEventType, OrderId, OrderStatus, Version } from '@orderly/contracts';

/** What the ledger knows of an order, and all that a decision depends on. Never changed in place. */
export type OrderState = {
  readonly orderId: OrderId;
  /** `null`: a placeholder, whose `order.created` has not been applied yet. */
  readonly status: OrderStatus | null;
  /** 0 for a placeholder. */
  readonly version: Version;
  /** An order snapshot, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** For each top-level key of `data`, removed ones included, when its last writer occurred (ISO). */
  readonly keyTimes: Readonly<Record<string, string>>;
  /** When the change to the current status occurred at the producer (ISO). */
  readonly statusOccurredAt: string | null;
};

/** An accepted event that has no final outcome yet. */
export type PendingEvent = {
  /** The ledger's id of the event, unique. */
  readonly eventId: string;
  readonly type: OrderEventType;
  /** When it happened at the producer (ISO). */
  readonly occurredAt: string;
  /** The event's data, as `OrderEvent` of the contracts parsed it. */
  readonly data: Readonly<Record<string, unknown>>;
  /** `false`: nobody is notified of it. */
  readonly notify: boolean;
  /** Set for a manual change: a person asked for it. With the version that the order must have; null where any will do. */
  readonly manual?: { readonly expectedVersion: number | null };
  /** Set once it has been parked: its deadline (ISO). */
  readonly parkedUntil?: string;
};

/** The state of an order of which nothing is known yet: what is stored and locked before its events are read. */
export function placeholderOf(orderId: OrderId): OrderState {
  return { orderId, status: null, version: 0, data: {}, keyTimes: {}, statusOccurredAt: null };
}
