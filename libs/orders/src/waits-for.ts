import type { OrderStatus } from '@orderly/contracts';
import { targetStatus } from './decide';
import type { PendingEvent } from './order-state';
import { pathBetween } from './status-graph';

/** A step that a parked event waits for: the creation of the order, or a status. */
export type MissingStep = OrderStatus | 'order.created';

/**
 * The steps that a parked event waits for: `order.created` for an unknown order, else the missing statuses on the shortest path, in
 * order. Empty for an event that is not early.
 *
 * @param current - the order's status; `null` for a placeholder
 * @throws like {@link targetStatus}
 */
export function waitsFor(current: OrderStatus | null, event: Pick<PendingEvent, 'type' | 'data'>): readonly MissingStep[] {
  if (current === null) return event.type === 'order.created' ? [] : ['order.created'];
  const target = targetStatus(event);
  return target === null ? [] : (pathBetween(current, target)?.slice(0, -1) ?? []);
}
