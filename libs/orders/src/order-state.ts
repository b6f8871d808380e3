import type { OrderEventType, OrderId, OrderStatus, Version } from '@orderly/contracts';

/** The ledger's state of an order: the only input of a decision besides the event. Never modified in place. */
export type OrderState = {
  readonly orderId: OrderId;
  /** `null`: a placeholder, whose `order.created` has not been applied yet. */
  readonly status: OrderStatus | null;
  /** 0 for a placeholder. */
  readonly version: Version;
  /** An order snapshot, as JSON. */
  readonly data: Readonly<Record<string, unknown>>;
  /** The time (ISO) at which the last writer of each top-level key of `data` occurred. Includes removed keys. */
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
  /** The event's data, parsed by `OrderEvent` of the contracts. */
  readonly data: Readonly<Record<string, unknown>>;
  /** `false`: the event sends no message to the customer. */
  readonly notify: boolean;
  /** Set for a manual change, with the version that the order must have; null accepts any version. */
  readonly manual?: { readonly expectedVersion: number | null };
  /** The deadline (ISO), if the event has been parked. */
  readonly parkedUntil?: string;
};

/** The state of an unknown order. It is stored and locked before its events are read, so that concurrent workers wait for each other. */
export function placeholderOf(orderId: OrderId): OrderState {
  return { orderId, status: null, version: 0, data: {}, keyTimes: {}, statusOccurredAt: null };
}
