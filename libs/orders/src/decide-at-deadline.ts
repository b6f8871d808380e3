import { applyTransition, decide, reject, targetStatus } from './decide';
import type { Decision } from './decision';
import type { OrderState, PendingEvent } from './order-state';
import { pathBetween } from './status-graph';

/** The fate of a parked event whose missing steps did not arrive: `apply` without them, or a dead letter. */
export type DeadlinePolicy = 'apply' | 'dead-letter';

/**
 * Decides a parked event after its deadline. The result is never `parked`. An event that is no longer early gets its normal
 * decision; an event without an order is rejected as `order-unknown`; the policy decides the others.
 *
 * @throws like {@link decide}.
 */
export function decideAtDeadline(order: OrderState, event: PendingEvent, policy: DeadlinePolicy): Decision {
  const decision = decide(order, event);
  if (decision.outcome !== 'parked') return decision;
  const current = order.status;
  const target = targetStatus(event);
  if (current === null || target === null) return reject(order, 'order-unknown');
  if (policy === 'dead-letter') return reject(order, 'parked-too-long');
  return applyTransition(order, event, target, pathBetween(current, target)?.slice(0, -1));
}
