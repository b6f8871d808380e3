import { faultText, OrderEvent } from '@orderly/contracts';
import { unmappable, type EventMapping } from './platform-adapter';

/** Has the contract judge what was mapped: all of a delivery's events, or a refusal that says where the fault is. */
export function parseEvents(candidates: readonly unknown[]): EventMapping {
  const events: OrderEvent[] = [];
  for (const candidate of candidates) {
    const { data, error } = OrderEvent.safeParse(candidate, { error: faultText });
    if (error) return unmappable('The body makes no valid order event', error.issues.slice(0, mostFaults).map(toFault));
    events.push(data);
  }
  return { ok: true, events };
}

const mostFaults = 20;

const toFault = ({ path, message }: { path: PropertyKey[]; message: string }): { path: PropertyKey[]; detail: string } => ({
  path,
  detail: message,
});
