import { applyTransition, decide, reject, targetStatus } from './decide';
import type { Decision } from './decision';
import type { OrderState, PendingEvent } from './order-state';
import { pathBetween } from './status-graph';

/** What becomes of a parked event whose missing steps did not arrive in time: applied without them, or a dead letter. */
export type DeadlinePolicy = 'apply' | 'dead-letter';

/**
 * What a parked event does once its deadline has passed. Never `parked`: an event that is early no more gets its normal
 * decision, one without an order is rejected as `order-unknown`, and for the others the policy decides.
 *
 * @throws as {@link decide} does.
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
