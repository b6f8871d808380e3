import type { OrderStatus } from '@orderly/contracts';
import { targetStatus } from './decide';
import type { PendingEvent } from './order-state';
import { pathBetween } from './status-graph';

/** What a parked event may wait for: that the order is created, or a status. */
export type MissingStep = OrderStatus | 'order.created';

/**
 * Why an event is parked: `order.created` where nothing is known of the order, else the statuses that are missing on the shortest
 * way, in order. Empty for an event that is not early.
 *
 * @param current - the order's status; `null` for a placeholder
 * @throws as {@link targetStatus} does
 */
export function waitsFor(current: OrderStatus | null, event: Pick<PendingEvent, 'type' | 'data'>): readonly MissingStep[] {
  if (current === null) return event.type === 'order.created' ? [] : ['order.created'];
  const target = targetStatus(event);
  return target === null ? [] : (pathBetween(current, target)?.slice(0, -1) ?? []);
}
