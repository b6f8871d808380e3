import { maxEventsRead, type UnappliedEvent } from './read-orders';

/** The events of one order that one transaction applies, and those that it leaves to a later one. */
export interface TakenEvents {
  readonly events: readonly UnappliedEvent[];
  readonly left: readonly UnappliedEvent[];
  /** How soon the remaining events are tried again, in ms. */
  readonly delayMs: number;
}

/** Maximum events of one order per transaction: one fewer than are read, so that a remainder is noticed. */
const maxEvents = maxEventsRead - 1;

/** How soon events beyond the maximum are delivered again, in ms. */
const leftOverMs = 100;

/**
 * Takes all parked events, and the others up to the first that waits for its retry.
 *
 * @param onlyEvent - of the events that are not parked, takes this one alone, and only if it is the first
 */
export function takeEvents(unapplied: readonly UnappliedEvent[], onlyEvent?: string): TakenEvents {
  const accepted = unapplied.filter((event) => !isParked(event));
  const waiting = accepted.findIndex(({ dueInMs }) => dueInMs > 0);
  const limit = onlyEvent === undefined ? maxEvents : Number(accepted[0]?.eventId === onlyEvent);
  const end = Math.min(limit, waiting === -1 ? accepted.length : waiting);
  const left = accepted.slice(end);
  const taken = new Set(accepted.slice(0, end));
  const events = unapplied.filter((event) => isParked(event) || taken.has(event));
  return { events, left, delayMs: Math.max(Math.ceil(left[0]?.dueInMs ?? 0), leftOverMs) };
}

export const isParked = ({ parkedUntil }: UnappliedEvent): boolean => parkedUntil !== undefined;
