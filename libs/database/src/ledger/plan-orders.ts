import { fingerprintOf, type NewJob } from '@orderly/jobs';
import { applyEvents, type AppliedDecision, type Decision, type OrderState } from '@orderly/orders';
import type { ApplyOptions, ApplyRequest, ApplyResult, FollowUps } from './apply-types';
import type { UnappliedEvent } from './read-orders';

/** What one transaction is going to write, as rows. */
export interface Plan {
  readonly results: Map<string, ApplyResult>;
  readonly orders: object[];
  readonly changes: object[];
  readonly ended: object[];
  readonly parked: object[];
  readonly syncs: NewJob[];
  readonly messages: FollowUps['messages'][number][];
}

export const emptyPlan = (): Plan => ({
  results: new Map(),
  orders: [],
  changes: [],
  ended: [],
  parked: [],
  syncs: [],
  messages: [],
});

/** Decides one order's events, and adds what follows to the plan. Pure but for the plan. */
export function planOrder(
  plan: Plan,
  order: OrderState,
  unapplied: readonly UnappliedEvent[],
  now: string,
  contexts: ReadonlyMap<string, ApplyRequest>,
  options: ApplyOptions,
): void {
  const isWaiting = (event: UnappliedEvent): boolean => event.parkedUntil === undefined && event.dueInMs > 0;
  const retrying = unapplied.find(isWaiting);
  if (retrying) {
    const later: ApplyResult = { kind: 'later', delayMs: Math.ceil(retrying.dueInMs) };
    for (const event of unapplied) plan.results.set(event.eventId, later);
    return;
  }
  const { events, left } = limited(unapplied, options.eventLimit);
  for (const { eventId } of left) plan.results.set(eventId, { kind: 'later', delayMs: leftOverMs });
  const { order: next, outcomes } = applyEvents(order, events, now, options.atDeadline);
  const byId = new Map(events.map((event) => [event.eventId, event]));
  let previous = order;
  for (const { eventId, decision } of outcomes) {
    const event = byId.get(eventId) as UnappliedEvent;
    const context = contexts.get(eventId) ?? event;
    if (decision.outcome === 'applied') {
      planChange(plan, previous, decision, event, context, options);
      previous = decision.next;
    }
    planOutcome(plan, order.orderId, event, decision, context.traceparent ?? null, options);
  }
  if (next.version !== order.version) plan.orders.push(orderRow(next));
}

/** Events of one order that one transaction applies, so that a single order cannot make it long. */
const maxEvents = 500;

/** How soon the events are delivered again that were too many for one transaction, in ms. */
const leftOverMs = 100;

/** The first so many events that are not parked, and all that are; and the others. */
function limited(
  unapplied: readonly UnappliedEvent[],
  limit = maxEvents,
): { readonly events: readonly UnappliedEvent[]; readonly left: readonly UnappliedEvent[] } {
  const [events, left]: [UnappliedEvent[], UnappliedEvent[]] = [[], []];
  let taken = 0;
  for (const event of unapplied) {
    const fits = event.parkedUntil !== undefined || taken < limit;
    if (event.parkedUntil === undefined) taken += 1;
    (fits ? events : left).push(event);
  }
  return { events, left };
}

function planChange(
  plan: Plan,
  previous: OrderState,
  { next, change, kind, skipped }: AppliedDecision,
  event: UnappliedEvent,
  context: Pick<ApplyRequest, 'traceparent' | 'tracestate'>,
  { followUps }: ApplyOptions,
): void {
  plan.changes.push({
    order_id: next.orderId,
    version: next.version,
    from_status: change.from,
    to_status: change.to,
    skipped,
    occurred_at: change.at,
    reason: change.reason,
    event_id: event.eventId,
    data: next.data === previous.data ? null : next.data,
  });
  const { syncs, messages } = followUps({
    orderId: next.orderId,
    version: next.version,
    event,
    kind,
    change,
    data: next.data,
    batch: event.batch,
    traceparent: context.traceparent ?? null,
    tracestate: context.tracestate ?? null,
  });
  plan.syncs.push(...syncs);
  plan.messages.push(...messages);
}

const jobOutcomeOf = { applied: 'done', duplicate: 'duplicate', superseded: 'superseded', rejected: 'dead' } as const;

function planOutcome(
  plan: Plan,
  orderId: string,
  event: UnappliedEvent,
  decision: Decision,
  traceparent: string | null,
  { parkedDeadlineMs }: ApplyOptions,
): void {
  const { eventId } = event;
  if (decision.outcome === 'parked') {
    plan.results.set(eventId, { kind: 'parked' });
    if (event.parkedUntil === undefined)
      plan.parked.push({ id: eventId, run_at: new Date(event.acceptedAt.getTime() + parkedDeadlineMs) });
    return;
  }
  const outcome = jobOutcomeOf[decision.outcome];
  const version = decision.outcome === 'applied' ? decision.next.version : null;
  const rejection = decision.outcome === 'rejected' ? decision : undefined;
  plan.results.set(eventId, { kind: 'ended', outcome, version, ...(rejection ? { code: rejection.code } : {}) });
  plan.ended.push({
    id: eventId,
    outcome,
    result_version: version,
    error_code: rejection?.code,
    error_message: rejection && `order ${orderId} is ${rejection.current ?? 'unknown'}`,
    fingerprint: rejection && fingerprintOf(rejection.code, { destination: null, name: 'apply-order-event' }),
    detail: rejection && { current: rejection.current, allowed: rejection.allowed },
    trace_id: traceparent?.split('-')[1],
  });
}

const orderRow = (order: OrderState): object => ({
  order_id: order.orderId,
  status: order.status,
  version: order.version,
  data: order.data,
  key_times: order.keyTimes,
  status_occurred_at: order.statusOccurredAt,
});
