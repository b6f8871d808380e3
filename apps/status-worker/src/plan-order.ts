import type { PlannedEvent, UnappliedEvent } from '@orderly/ledger';
import { applyEvents, type Decision, type DeadlinePolicy, type OrderState, type RejectedDecision } from '@orderly/orders';
import { decisionEntry } from './decision-entry';
import { planFollowUps, type SyncedDestination } from './follow-ups';

/** The worker's configuration for events. */
export interface OrderPolicy {
  /** How long an early event waits for the missing step, in ms from its acceptance. */
  readonly parkedDeadlineMs: number;
  /** Whether an event whose deadline has passed is applied anyway or becomes a dead letter. */
  readonly atDeadline: DeadlinePolicy;
  /** The destinations that receive changes. */
  readonly destinations: readonly SyncedDestination[];
}

/**
 * Decides what events do to their order, plans the follow-ups, and words the audit entries. Pure: the ledger reads before it and
 * writes after it.
 *
 * @param events - all unapplied events of the order, in the order of their acceptance
 * @param now - the time by which deadlines are judged, ISO 8601
 */
export function planOrder(
  order: OrderState,
  events: readonly UnappliedEvent[],
  now: string,
  policy: OrderPolicy,
): readonly PlannedEvent[] {
  const byId = new Map(events.map((event) => [event.eventId, event]));
  let current = order;
  return applyEvents(order, events, now, policy.atDeadline).outcomes.map(({ eventId, decision }) => {
    const before = current;
    if (decision.outcome === 'applied') current = decision.next;
    return planEvent(before, byId.get(eventId) as UnappliedEvent, decision, policy);
  });
}

function planEvent(before: OrderState, event: UnappliedEvent, decision: Decision, policy: OrderPolicy): PlannedEvent {
  const decided = { event, before, decision };
  switch (decision.outcome) {
    case 'applied':
      return { ...decided, followUps: planFollowUps(decision, event, policy.destinations), audit: decisionEntry(decided) };
    case 'parked': {
      // Parked before: its deadline stays, and a second audit entry would say nothing new.
      if (event.parkedUntil !== undefined) return decided;
      const deadline = new Date(event.acceptedAt.getTime() + policy.parkedDeadlineMs);
      return { ...decided, deadline, audit: decisionEntry({ ...decided, deadline }) };
    }
    case 'rejected': {
      const refusal = refusalText(before.orderId, decision, event);
      return { ...decided, refusal, audit: decisionEntry({ ...decided, refusal }) };
    }
    case 'duplicate':
    case 'superseded':
      return { ...decided, audit: decisionEntry(decided) };
  }
}

/** The reason of a refusal, for the dead letter and the audit trail. */
function refusalText(orderId: string, { code, current, currentVersion }: RejectedDecision, event: UnappliedEvent): string {
  if (code === 'version-conflict') {
    return `order ${orderId} has version ${currentVersion}, not ${event.manual?.expectedVersion ?? 'any'}`;
  }
  return `order ${orderId} is ${current ?? 'unknown'} and cannot take ${askedFor(event)}`;
}

/** The status that an event asks for, or its type if it asks for none. */
const askedFor = ({ type, data }: UnappliedEvent): string => (typeof data['status'] === 'string' ? data['status'] : type);
