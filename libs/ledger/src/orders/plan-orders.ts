import { fingerprintOf, type NewJob } from '@orderly/jobs';
import { applyEvents, type AppliedDecision, type Decision, type OrderState, type RejectedDecision } from '@orderly/orders';
import { auditRow } from '../audit/audit-entry';
import { decisionEntry } from '../audit/decision-entry';
import type { ApplyOptions, ApplyRequest, ApplyResult, FollowUps } from './apply-types';
import { maxEventsRead, type UnappliedEvent } from './read-orders';

/** A row by its columns, of which the key is needed apart. */
type Row<Key extends string> = Readonly<Record<Key, string> & Record<string, unknown>>;

/** What one transaction is going to write, as rows. */
export interface Plan {
  readonly results: Map<string, ApplyResult>;
  readonly orders: Row<'order_id'>[];
  readonly changes: object[];
  readonly ended: Row<'id'>[];
  readonly parked: Row<'id'>[];
  readonly syncs: NewJob[];
  readonly messages: FollowUps['messages'][number][];
  readonly audit: object[];
}

export const emptyPlan = (): Plan => ({
  results: new Map(),
  orders: [],
  changes: [],
  ended: [],
  parked: [],
  syncs: [],
  messages: [],
  audit: [],
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
  const { events, left, delayMs } = takenNow(unapplied, options.onlyEvent);
  // What is left may be the step that a parked event misses: no deadline passes before it.
  const deadlinesUntil = left.length === 0 ? now : beginningOfTime;
  const { order: next, outcomes } = applyEvents(order, events, deadlinesUntil, options.atDeadline);
  const byId = new Map(events.map((event) => [event.eventId, event]));
  let previous = order;
  for (const { eventId, decision } of outcomes) {
    const event = byId.get(eventId) as UnappliedEvent;
    const context = contexts.get(eventId) ?? event;
    planOutcome(plan, previous, event, decision, (context.traceparent ?? event.traceparent)?.split('-')[1], options);
    if (decision.outcome === 'applied') {
      planChange(plan, previous, decision, event, context, options);
      previous = decision.next;
    }
    if (decision.outcome === 'parked' && event.parkedUntil !== undefined && event.dueInMs <= 0) left.push(event);
  }
  for (const { eventId } of left) plan.results.set(eventId, { kind: 'later', delayMs });
  if (next.version !== order.version) plan.orders.push(orderRow(next));
}

/** Events of one order that one transaction applies: one fewer than are read, so that it shows when some are left. */
const maxEvents = maxEventsRead - 1;

/** How soon the events are delivered again that were too many for one transaction, in ms. */
const leftOverMs = 100;

const beginningOfTime = new Date(0).toISOString();

/**
 * The first so many events, up to one that waits for its retry, and all that are parked; and those that are left, with the time
 * after which they are to be tried again.
 */
function takenNow(
  unapplied: readonly UnappliedEvent[],
  onlyEvent?: string,
): { readonly events: UnappliedEvent[]; readonly left: UnappliedEvent[]; readonly delayMs: number } {
  const isParked = (event: UnappliedEvent): boolean => event.parkedUntil !== undefined;
  const accepted = unapplied.filter((event) => !isParked(event));
  const waiting = accepted.findIndex(({ dueInMs }) => dueInMs > 0);
  const limit = onlyEvent === undefined ? maxEvents : Number(accepted[0]?.eventId === onlyEvent);
  const end = Math.min(limit, waiting === -1 ? accepted.length : waiting);
  const left = accepted.slice(end);
  const taken = new Set(accepted.slice(0, end));
  const events = unapplied.filter((event) => isParked(event) || taken.has(event));
  return { events, left, delayMs: Math.max(Math.ceil(left[0]?.dueInMs ?? 0), leftOverMs) };
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
  order: OrderState,
  event: UnappliedEvent,
  decision: Decision,
  traceId: string | undefined,
  { parkedDeadlineMs }: ApplyOptions,
): void {
  const { eventId } = event;
  if (decision.outcome === 'parked') {
    plan.results.set(eventId, { kind: 'parked' });
    if (event.parkedUntil !== undefined) return;
    const deadline = new Date(event.acceptedAt.getTime() + parkedDeadlineMs);
    plan.parked.push({ id: eventId, run_at: deadline });
    plan.audit.push(auditRow(decisionEntry({ order, event, decision, deadline, traceId })));
    return;
  }
  const outcome = jobOutcomeOf[decision.outcome];
  const version = decision.outcome === 'applied' ? decision.next.version : null;
  const rejection = decision.outcome === 'rejected' ? decision : undefined;
  const refusal = rejection && refusalText(order.orderId, rejection, event);
  plan.results.set(eventId, { kind: 'ended', outcome, version, ...(rejection ? { code: rejection.code } : {}) });
  plan.ended.push({
    id: eventId,
    outcome,
    result_version: version,
    error_code: rejection?.code,
    error_message: refusal,
    fingerprint: rejection && fingerprintOf(rejection.code, { destination: null, name: 'apply-order-event' }),
    detail: rejection && rejectionDetail(rejection),
    trace_id: traceId,
  });
  plan.audit.push(auditRow(decisionEntry({ order, event, decision, refusal, traceId })));
}

/** What could be done instead; of an order that nobody knows there is nothing to say. */
const rejectionDetail = ({ code, current, currentVersion, allowed }: RejectedDecision): object | undefined =>
  code === 'order-unknown' ? undefined : { current, currentVersion, allowed };

function refusalText(orderId: string, { code, current, currentVersion }: RejectedDecision, event: UnappliedEvent): string {
  if (code === 'version-conflict') {
    return `order ${orderId} has version ${currentVersion}, not ${event.manual?.expectedVersion ?? 'any'}`;
  }
  return `order ${orderId} is ${current ?? 'unknown'} and cannot take ${askedFor(event)}`;
}

/** The status that an event asks for, or its type where it asks for none. */
const askedFor = ({ type, data }: UnappliedEvent): string => (typeof data['status'] === 'string' ? data['status'] : type);

const orderRow = (order: OrderState) => ({
  order_id: order.orderId,
  status: order.status,
  version: order.version,
  data: order.data,
  key_times: order.keyTimes,
  status_occurred_at: order.statusOccurredAt,
});
