import type { Database } from '@orderly/database';
import type { OrderState } from '@orderly/orders';
import type { ApplyOptions, ApplyOutcome, ApplyRequest, ApplyResult } from './apply-types';
import type { PlannedEvent } from './order-plan';
import { outcomeOf, planRows } from './plan-rows';
import { lockOrders, maxEventsRead, openWithoutEvent, unappliedEvents, type UnappliedEvent } from './read-orders';
import { isParked, takeEvents } from './take-events';
import { writePlan } from './write-plan';

/**
 * Applies all unapplied events of many orders in one transaction. An order that has moved gets another transaction if it has more
 * parked events than one reads.
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
 * Lock, read, plan, write: orders, changes, follow-up jobs, lanes, messages, and the end of the events' own jobs, together. The
 * order's row lock is the claim; a placeholder is made and locked before an unknown order's events are read, so that no two workers
 * miss each other.
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
    const plans = orders.map((order) => {
      const unapplied = (events.get(order.orderId) ?? []).map((event) => inItsSpan(event, contexts.get(event.eventId)));
      return planOne(order, unapplied, now, options);
    });
    const rows = planRows(plans.map(({ planned }) => planned));
    const runnable = rows.ended.length + rows.parked.length > 0 ? await writePlan(query, rows, options.processId) : [];

    const known = new Map(plans.flatMap(({ results }) => [...results]));
    const notAllRead = (orderId: string): boolean => (events.get(orderId)?.length ?? 0) >= maxEventsRead;
    const unread = requests.filter(({ jobId, orderId }) => !known.has(jobId) && !notAllRead(orderId));
    const eventless = await openWithoutEvent(
      query,
      unread.map(({ jobId }) => jobId),
    );
    const results = requests.map(({ jobId, orderId }): ApplyResult => {
      if (eventless.has(jobId)) return { kind: 'event-missing' };
      return known.get(jobId) ?? (notAllRead(orderId) ? { kind: 'later', delayMs: notReadMs } : { kind: 'idle' });
    });
    // Events that are not parked come with deliveries of their own.
    const hasMoreParked = (orderId: string): boolean => (events.get(orderId) ?? []).filter(isParked).length >= maxEventsRead;
    const unfinished = new Set(rows.orders.map((order) => order.order_id).filter(hasMoreParked));
    return { results, runnable, unfinished };
  });
}

/** How soon a delivery is tried again if its event stood behind those that were read, in ms. */
const notReadMs = 200;

/** An event with the context of the span in which it is applied. An event that is taken along has its own. */
const inItsSpan = (event: UnappliedEvent, request: ApplyRequest | undefined): UnappliedEvent =>
  request?.traceparent ? { ...event, traceparent: request.traceparent, tracestate: request.tracestate ?? null } : event;

const beginningOfTime = new Date(0).toISOString();

function planOne(
  order: OrderState,
  unapplied: readonly UnappliedEvent[],
  now: string,
  { plan, onlyEvent }: ApplyOptions,
): { readonly planned: readonly PlannedEvent[]; readonly results: readonly (readonly [string, ApplyResult])[] } {
  const { events, left, delayMs } = takeEvents(unapplied, onlyEvent);
  // What is left may be the step that a parked event misses: no deadline passes before it.
  const planned = plan(order, events, left.length === 0 ? now : beginningOfTime);
  const later: ApplyResult = { kind: 'later', delayMs };
  return {
    planned,
    results: [
      ...planned.map((one) => [one.event.eventId, resultOf(one) ?? later] as const),
      ...left.map(({ eventId }) => [eventId, later] as const),
    ],
  };
}

/** Undefined for a parked event whose deadline has come, but could not pass yet. */
function resultOf({ event, decision }: PlannedEvent): ApplyResult | undefined {
  const outcome = outcomeOf(decision);
  if (outcome === undefined) return isParked(event) && event.dueInMs <= 0 ? undefined : { kind: 'parked' };
  const version = decision.outcome === 'applied' ? decision.next.version : null;
  return { kind: 'ended', outcome, version, ...(decision.outcome === 'rejected' ? { code: decision.code } : {}) };
}
