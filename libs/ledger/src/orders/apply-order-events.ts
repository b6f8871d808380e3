import type { Database, Query } from '@orderly/database';
import type { ApplyContext, ApplyResult, Delivery, RunnableJob } from '@orderly/jobs';
import { withRemoteParent } from '@orderly/observability';
import type { OrderState } from '@orderly/orders';
import { orderCheckMs } from '../jobs/claim-jobs';
import { applyOrderEvent } from '@orderly/contracts';
import type { ApplyOptions, ApplyOutcome } from './apply-types';
import { lockDelivered, type FoundJob } from './lock-delivered';
import type { PlannedEvent } from './order-plan';
import { outcomeOf, planRows } from './plan-rows';
import {
  lockOrders,
  maxEventsRead,
  openWithoutEvent,
  unappliedEvents,
  type LockedOrders,
  type UnappliedEvent,
} from './read-orders';
import { isParked, takeEvents } from './take-events';
import { writePlan } from './write-plan';

/**
 * Applies all unapplied events of the orders of many deliveries in one transaction. An order that has moved gets another
 * transaction if it has more parked events than one reads.
 */
export async function applyOrderEvents(
  db: Database,
  deliveries: readonly Delivery[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const { results, runnable, unfinished } = await db.transaction((query) => applyDelivered(query, deliveries, options));
  let left = unfinished;
  // Each round applies at least one event, so the loop ends.
  while (left.length > 0) {
    const orderIds = left;
    const round = await db.transaction(async (query) =>
      applyOrders(query, await lockOrders(query, orderIds), new Map(), options),
    );
    runnable.push(...round.runnable);
    left = round.unfinished;
  }
  return { results, runnable };
}

async function applyDelivered(
  query: Query,
  deliveries: readonly Delivery[],
  options: ApplyOptions,
): Promise<ApplyOutcome & Pick<Round, 'unfinished'>> {
  const jobIds = deliveries.map(({ jobId }) => jobId);
  const { jobs, ...locked } = await lockDelivered(query, jobIds);
  const contexts = new Map(deliveries.map(({ jobId, begin }) => [jobId, beginOf(jobs.get(jobId), begin)]));
  const first = [...contexts.values()].find((context) => context !== undefined);
  // The batch's own statements belong to the trace of its first delivery.
  return withRemoteParent(first, async () => {
    const { results: applied, ...round } = await applyOrders(query, locked, contexts, options);
    const unread = jobIds.filter((id) => jobs.get(id)?.is_open && !applied.has(id));
    const eventless = await openWithoutEvent(query, unread);
    const results = jobIds.map((id): ApplyResult => {
      const job = jobs.get(id);
      if (!job?.is_open) return turnedAway(job);
      return applied.get(id) ?? (eventless.has(id) ? { kind: 'refused', code: 'event-missing' } : round.unreadResult(job));
    });
    return { results, ...round };
  });
}

function beginOf(job: FoundJob | undefined, begin: Delivery['begin']): ApplyContext | undefined {
  if (!job?.is_open || job.order_id === null) return undefined;
  const { id, name, order_id: orderId, attempts_used: attemptsUsed, traceparent, tracestate } = job;
  return begin?.({ id, name, orderId, attemptsUsed, waitMs: Math.max(-job.due_in_ms, 0), traceparent, tracestate });
}

/** The result of a delivery whose job may not run. */
function turnedAway(job: FoundJob | undefined): ApplyResult {
  if (job === undefined) return { kind: 'missing' };
  if (job.hold_ms !== null) return { kind: 'held', delayMs: job.hold_ms };
  // A parked job is delivered at its deadline; before it, the order's next event takes it along.
  if (job.state === 'ended' || (job.state === 'parked' && job.due_in_ms > 0)) return { kind: 'idle' };
  if (job.due_in_ms > 0) return { kind: 'later', delayMs: Math.ceil(job.due_in_ms) };
  if (job.order_hold_ms !== null) return { kind: 'later', delayMs: Math.min(Math.ceil(job.order_hold_ms), orderCheckMs) };
  return { kind: 'refused', code: job.name === applyOrderEvent.name ? 'invalid-payload' : 'unknown-job' };
}

interface Round {
  /** By id: an event and its job share one. */
  readonly results: ReadonlyMap<string, ApplyResult>;
  /** Of an open job whose event was not read. */
  readonly unreadResult: (job: FoundJob) => ApplyResult;
  readonly runnable: RunnableJob[];
  /** Orders that have moved, with parked events that were not read. Events that are not parked come with deliveries of their own. */
  readonly unfinished: readonly string[];
}

/**
 * Read, plan, write, under the locks of the orders: changes, follow-up jobs, lanes, messages, and the end of the events' own jobs,
 * together.
 */
async function applyOrders(
  query: Query,
  { orders, now }: LockedOrders,
  contexts: ReadonlyMap<string, ApplyContext | undefined>,
  options: ApplyOptions,
): Promise<Round> {
  const events = await unappliedEvents(
    query,
    orders.map(({ orderId }) => orderId),
  );
  const eventsOf = (orderId: string): readonly UnappliedEvent[] => events.get(orderId) ?? [];
  const plans = orders.map((order) => {
    const unapplied = eventsOf(order.orderId).map((event) => inItsSpan(event, contexts.get(event.eventId)));
    return planOne(order, unapplied, now, options);
  });
  const rows = planRows(plans.map(({ planned }) => planned));
  const runnable = rows.ended.length + rows.parked.length > 0 ? await writePlan(query, rows, options.processId) : [];
  const moved = rows.orders.map((order) => order.order_id);
  return {
    results: new Map(plans.flatMap(({ results }) => results)),
    unreadResult: (job) =>
      eventsOf(job.order_id ?? '').length >= maxEventsRead ? { kind: 'later', delayMs: notReadMs } : { kind: 'idle' },
    runnable,
    unfinished: moved.filter((orderId) => eventsOf(orderId).filter(isParked).length >= maxEventsRead),
  };
}

/** How soon a delivery is tried again if its event stood behind those that were read, in ms. */
const notReadMs = 200;

/** An event with the context in which it is applied. An event that is taken along has its own. */
const inItsSpan = (event: UnappliedEvent, context: ApplyContext | undefined): UnappliedEvent =>
  context === undefined ? event : { ...event, traceparent: context.traceparent, tracestate: context.tracestate ?? null };

const beginningOfTime = new Date(0).toISOString();

function planOne(
  order: OrderState,
  unapplied: readonly UnappliedEvent[],
  now: string,
  { plan, onlyEvent }: ApplyOptions,
): { readonly planned: readonly PlannedEvent[]; readonly results: readonly (readonly [string, ApplyResult])[] } {
  const { events, left, delayMs } = takeEvents(unapplied, onlyEvent);
  // The remaining events may hold the step that a parked event waits for, so no deadline passes before them.
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
