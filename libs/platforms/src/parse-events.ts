import { faultText, OrderEvent } from '@orderly/contracts';
import { unmappable, type EventMapping } from './platform-adapter';

/** Validates mapped events against the contract. Returns all events of the delivery, or a refusal with the position of the fault. */
export function parseEvents(candidates: readonly unknown[]): EventMapping {
  const events: OrderEvent[] = [];
  for (const candidate of candidates) {
    const { data, error } = OrderEvent.safeParse(candidate, { error: faultText });
    if (error) return unmappable('The body does not map to a valid order event', error.issues.slice(0, mostFaults).map(toFault));
    events.push(data);
  }
  return { ok: true, events };
}

/** Bounds the answer: a body with a thousand faulty lines would give a thousand faults. */
const mostFaults = 20;

const toFault = ({ path, message }: { path: PropertyKey[]; message: string }): { path: PropertyKey[]; detail: string } => ({
  path,
  detail: message,
});
