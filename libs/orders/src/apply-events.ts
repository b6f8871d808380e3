import { decide, targetStatus } from './decide';
import { decideAtDeadline, type DeadlinePolicy } from './decide-at-deadline';
import type { Decision } from './decision';
import { isLater } from './instant';
import type { OrderState, PendingEvent } from './order-state';
import { distance, isReachable } from './status-graph';

/** An event's decision, by the ledger's id of the event. */
export type EventOutcome = { readonly eventId: string; readonly decision: Decision };

export type AppliedEvents = {
  readonly order: OrderState;
  /**
   * One per event, in the order of the decisions, so applied events are in version order. Events that stay parked are last.
   */
  readonly outcomes: readonly EventOutcome[];
};

/**
 * Applies all events of an order that have no final outcome yet. New events are decided in acceptance order. After every status
 * change the parked events are tried again, nearest in the graph first. Finally, events past their deadline are decided for good.
 * A missing step that arrives in the same call as the deadline still counts.
 *
 * The status graph has no cycle, so parked events are retried a bounded number of times: the cost is linear in the events.
 *
 * @param events in acceptance order, each once; earlier parked events carry `parkedUntil`.
 * @param now ISO, from the same clock as the deadlines.
 * @throws what {@link decide} throws for an event. Nothing is applied then, and the caller must isolate the bad event.
 */
export function applyEvents(
  order: OrderState,
  events: readonly PendingEvent[],
  now: string,
  policy: DeadlinePolicy,
): AppliedEvents {
  const outcomes: EventOutcome[] = [];
  const parked = new Set(events.filter(hasBeenParked));
  let current = order;

  for (const event of events) {
    if (hasBeenParked(event)) continue;
    const decision = decide(current, event);
    if (decision.outcome === 'parked') parked.add(event);
    else if (settle(event, decision)) retryParked(decide);
  }
  retryParked((state, event) => (isDue(event, now) ? decideAtDeadline(state, event, policy) : decide(state, event)));

  for (const { eventId } of parkedInAcceptanceOrder()) outcomes.push({ eventId, decision: { outcome: 'parked' } });
  return { order: current, outcomes };

  function retryParked(decideParked: typeof decide): void {
    let hasMoved = parked.size > 0;
    while (hasMoved) hasMoved = nearestFirst(current, parkedInAcceptanceOrder()).some((event) => retry(event, decideParked));
  }

  function retry(event: PendingEvent, decideParked: typeof decide): boolean {
    const decision = decideParked(current, event);
    return decision.outcome !== 'parked' && settle(event, decision);
  }

  /** Records a final decision. Returns true if it changed the order's status. */
  function settle(event: PendingEvent, decision: Decision): boolean {
    parked.delete(event);
    outcomes.push({ eventId: event.eventId, decision });
    if (decision.outcome !== 'applied') return false;
    current = decision.next;
    return decision.kind === 'status';
  }

  function parkedInAcceptanceOrder(): PendingEvent[] {
    return events.filter((event) => parked.has(event));
  }
}

const hasBeenParked = (event: PendingEvent): boolean => event.parkedUntil !== undefined;

const isDue = ({ parkedUntil }: PendingEvent, now: string): boolean => parkedUntil !== undefined && !isLater(parkedUntil, now);

/** Sorts by the number of missing steps. Events without any (updates, and statuses that the order has passed) are first. */
function nearestFirst({ status }: OrderState, events: readonly PendingEvent[]): PendingEvent[] {
  const stepsTo = (event: PendingEvent): number => {
    const target = targetStatus(event);
    return status !== null && target !== null && isReachable(status, target) ? distance(status, target) : 0;
  };
  return events
    .map((event) => ({ event, steps: stepsTo(event) }))
    .toSorted((a, b) => a.steps - b.steps)
    .map(({ event }) => event);
}
