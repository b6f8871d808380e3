import type { Database } from '@orderly/database';
import type { ApplyOptions, ApplyOutcome, ApplyRequest, ApplyResult } from './apply-types';
import { emptyPlan, planOrder } from './plan-orders';
import { lockOrders, maxEventsRead, unappliedEvents } from './read-orders';
import { writePlan } from './write-plan';

/**
 * Applies all unapplied events of many orders: in one transaction, but for an order that has moved and has more parked events than
 * one transaction reads, which gets another.
 */
export async function applyOrderEvents(
  db: Database,
  requests: readonly ApplyRequest[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const { results, runnable, unfinished } = await applyInTransaction(db, requests, options);
  const left = requests.filter(({ orderId }) => unfinished.has(orderId));
  // Each round applies something, so there is an end.
  if (left.length > 0) runnable.push(...(await applyOrderEvents(db, left, options)).runnable);
  return { results, runnable };
}

/**
 * Orders, changes, follow-up jobs, lanes, messages, and the end of the events' own jobs, together. The order's row lock is the
 * claim; a placeholder is made and locked before an unknown order's events are read, so that no two workers miss each other.
 */
async function applyInTransaction(
  db: Database,
  requests: readonly ApplyRequest[],
  options: ApplyOptions,
): Promise<ApplyOutcome & { unfinished: ReadonlySet<string> }> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))].sort();
  return db.transaction(async (query) => {
    const { orders, now } = await lockOrders(query, orderIds);
    const events = await unappliedEvents(query, orderIds);
    const contexts = new Map(requests.map((request) => [request.jobId, request]));
    const plan = emptyPlan();
    for (const order of orders) planOrder(plan, order, events.get(order.orderId) ?? [], now, contexts, options);
    const runnable = plan.ended.length + plan.parked.length > 0 ? await writePlan(query, plan, options.processId) : [];
    const notAllRead = (orderId: string): boolean => (events.get(orderId)?.length ?? 0) >= maxEventsRead;
    const results = requests.map(
      ({ jobId, orderId }): ApplyResult =>
        plan.results.get(jobId) ?? (notAllRead(orderId) ? { kind: 'later', delayMs: notReadMs } : { kind: 'idle' }),
    );
    // Events that are not parked come with deliveries of their own.
    const hasMoreParked = (orderId: string): boolean =>
      (events.get(orderId) ?? []).filter(({ parkedUntil }) => parkedUntil !== undefined).length >= maxEventsRead;
    const unfinished = new Set(plan.orders.map((order) => order.order_id).filter(hasMoreParked));
    return { results, runnable, unfinished };
  });
}

/** How soon a delivery is tried again whose event stood behind those that were read, in ms. */
const notReadMs = 200;
