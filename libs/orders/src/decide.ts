import { OrderStatus } from '@orderly/contracts';
import type { AppliedDecision, Decision, RejectedDecision, RejectionCode } from './decision';
import { isLater } from './instant';
import { mergePatch } from './merge-patch';
import type { OrderState, PendingEvent } from './order-state';
import { allowedFrom, isReachable } from './status-graph';

/**
 * What an event does to an order. Pure: the same arguments give the same decision, and neither is changed.
 *
 * Handed an event a second time, it answers `duplicate` or `superseded`, or `parked` again: no event has two effects.
 *
 * A manual change is an instruction for the order as its sender saw it, and no news: it is applied, `duplicate` or rejected, never
 * parked until the order fits it, and never passed over because the order went on.
 *
 * @throws when the event is none that the contracts know, such as an unknown type, status or date.
 */
export function decide(order: OrderState, event: PendingEvent): Decision {
  if (event.type === 'order.created' && order.status === null) return create(order, event);
  const target = targetStatus(event);
  if (event.manual !== undefined) return decideManual(order, event, event.manual, target);
  if (order.status === null) return { outcome: 'parked' };
  return target === null ? decideUpdate(order, order.status, event) : decideTransition(order, order.status, event, target);
}

/**
 * The status that an event asks for; `null` for one that changes data alone.
 *
 * @throws on a type or a status that the contracts do not know.
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

/** A decision against an event, with what the order is and what it could take instead. */
export function reject({ status, version }: OrderState, code: RejectionCode): RejectedDecision {
  return { outcome: 'rejected', code, current: status, currentVersion: version, allowed: allowedFrom(status) };
}

/** The order after it took a status, whichever statuses lie between; whether it may is the caller's to decide. */
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

/** A step that was taken after the order had ended is no late news: someone went on with an order that was over. */
function contradictsEnd({ status, statusOccurredAt }: OrderState, event: PendingEvent): boolean {
  const hasEnded = status === 'cancelled' || status === 'refunded';
  return hasEnded && statusOccurredAt !== null && isLater(event.occurredAt, statusOccurredAt);
}

/**
 * Merges those top-level keys whose last writer occurred before the event. A key is one unit, `customer` and `metadata` too:
 * their members merge, but a late patch of one member gives way to a newer patch of another. Equal time is not newer, so that
 * an event that comes twice is applied once.
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
