import type { Database } from '../database';
import type { ApplyOptions, ApplyOutcome, ApplyRequest } from './apply-types';
import { emptyPlan, planOrder } from './plan-orders';
import { lockOrders, unappliedEvents } from './read-orders';
import { writePlan } from './write-plan';

/**
 * Applies all unapplied events of many orders in one transaction: orders, changes, follow-up jobs, lanes, messages, and the end
 * of the events' own jobs. The order's row lock is the claim; a placeholder is made and locked before an unknown order's events
 * are read, so that no two workers miss each other.
 */
export async function applyOrderEvents(
  db: Database,
  requests: readonly ApplyRequest[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))].sort();
  return db.transaction(async (query) => {
    const { orders, now } = await lockOrders(query, orderIds);
    const events = await unappliedEvents(query, orderIds);
    const contexts = new Map(requests.map((request) => [request.jobId, request]));
    const plan = emptyPlan();
    for (const order of orders) planOrder(plan, order, events.get(order.orderId) ?? [], now, contexts, options);
    const runnable = plan.ended.length + plan.parked.length > 0 ? await writePlan(query, plan, options.processId) : [];
    return { results: requests.map(({ jobId }) => plan.results.get(jobId) ?? { kind: 'idle' }), runnable };
  });
}
