import { OrderStatus } from '@orderly/contracts';
import type { AppliedDecision, Decision, RejectedDecision, RejectionCode } from './decision';
import { isLater } from './instant';
import { mergePatch } from './merge-patch';
import type { OrderState, PendingEvent } from './order-state';
import { allowedFrom, isReachable } from './status-graph';

/**
 * Decides how an event changes an order. Pure: the same arguments give the same decision, and are not modified.
 *
 * The same event a second time gives `duplicate`, `superseded` or `parked`, so no event has two effects.
 *
 * A manual change is a command for the order as its sender saw it. It is applied, `duplicate` or rejected, but never parked and
 * never superseded.
 *
 * @throws if the event violates the contracts, for example an unknown type, status or date.
 */
export function decide(order: OrderState, event: PendingEvent): Decision {
  if (event.type === 'order.created' && order.status === null) return create(order, event);
  const target = targetStatus(event);
  if (event.manual !== undefined) return decideManual(order, event, event.manual, target);
  if (order.status === null) return { outcome: 'parked' };
  return target === null ? decideUpdate(order, order.status, event) : decideTransition(order, order.status, event, target);
}

/**
 * The status that an event requests; `null` if it only changes data.
 *
 * @throws for a type or status that the contracts do not define.
 */
export function targetStatus(event: Pick<PendingEvent, 'type' | 'data'>): OrderStatus | null {
  switch (event.type) {
    case 'order.created':
      return 'pending';
    case 'order.cancelled':
      return 'cancelled';
    case 'order.status_changed':
      return OrderStatus.parse(event.data.status);
    case 'order.updated':
      return null;
    default:
      throw new TypeError(`Not an order event: ${String(event.type satisfies never)}`);
  }
}

/** A rejection, with the order's current status and the statuses that it can take instead. */
export function reject({ status, version }: OrderState, code: RejectionCode): RejectedDecision {
  return { outcome: 'rejected', code, current: status, currentVersion: version, allowed: allowedFrom(status) };
}

/** Changes the order's status without checking the graph: the caller must have decided that the change is allowed. */
export function applyTransition(
  order: OrderState,
  event: PendingEvent,
  to: OrderStatus,
  skipped: readonly OrderStatus[] = [],
): AppliedDecision {
  const { reason } = event.data;
  return {
    outcome: 'applied',
    kind: 'status',
    next: { ...order, status: to, version: order.version + 1, statusOccurredAt: event.occurredAt },
    change: { from: order.status, to, at: event.occurredAt, ...(typeof reason === 'string' && { reason }) },
    skipped,
  };
}

function create(order: OrderState, event: PendingEvent): Decision {
  return {
    outcome: 'applied',
    kind: 'status',
    next: {
      orderId: order.orderId,
      status: 'pending',
      version: order.version + 1,
      data: event.data,
      keyTimes: Object.fromEntries(Object.keys(event.data).map((key) => [key, event.occurredAt])),
      statusOccurredAt: event.occurredAt,
    },
    change: { from: null, to: 'pending', at: event.occurredAt },
    skipped: [],
  };
}

function decideManual(
  order: OrderState,
  event: PendingEvent,
  { expectedVersion }: NonNullable<PendingEvent['manual']>,
  target: OrderStatus | null,
): Decision {
  if (order.status === null) return reject(order, 'order-unknown');
  if (expectedVersion !== null && expectedVersion !== order.version) return reject(order, 'version-conflict');
  if (target === null) return decideUpdate(order, order.status, event);
  if (target === order.status) return { outcome: 'duplicate' };
  if (allowedFrom(order.status).includes(target)) return applyTransition(order, event, target);
  return reject(order, 'transition-not-allowed');
}

function decideTransition(order: OrderState, current: OrderStatus, event: PendingEvent, target: OrderStatus): Decision {
  if (target === current) return { outcome: 'duplicate' };
  if (allowedFrom(current).includes(target)) return applyTransition(order, event, target);
  if (isReachable(current, target)) return { outcome: 'parked' };
  if (isReachable(target, current) && !contradictsEnd(order, event)) return { outcome: 'superseded' };
  return reject(order, 'transition-not-allowed');
}

/** True if the step occurred after the order ended. Such an event is not late: someone continued to process an ended order. */
function contradictsEnd({ status, statusOccurredAt }: OrderState, event: PendingEvent): boolean {
  const hasEnded = status === 'cancelled' || status === 'refunded';
  return hasEnded && statusOccurredAt !== null && isLater(event.occurredAt, statusOccurredAt);
}

/**
 * Merges the top-level keys whose last writer occurred before the event. A key is one unit, including `customer` and `metadata`:
 * their members are merged, but a late patch of one member loses to a newer patch of another. An equal time is not newer, so an
 * event that arrives twice is applied once.
 */
function decideUpdate(order: OrderState, current: OrderStatus, event: PendingEvent): Decision {
  const { occurredAt } = event;
  const isNewer = (key: string): boolean => {
    const writtenAt = Object.hasOwn(order.keyTimes, key) ? order.keyTimes[key] : undefined;
    return writtenAt === undefined || isLater(occurredAt, writtenAt);
  };
  const newer = Object.entries(event.data).filter(([key]) => isNewer(key));
  if (newer.length === 0) return { outcome: 'superseded' };
  return {
    outcome: 'applied',
    kind: 'data',
    next: {
      ...order,
      version: order.version + 1,
      data: mergePatch(order.data, Object.fromEntries(newer)) as OrderState['data'],
      keyTimes: Object.fromEntries([...Object.entries(order.keyTimes), ...newer.map(([key]) => [key, occurredAt] as const)]),
    },
    change: { from: current, to: current, at: occurredAt },
    skipped: [],
  };
}
