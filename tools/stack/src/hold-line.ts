/** A reason why a queue or destination waits, as the ledger has it. */
export type Hold = {
  scope: string;
  key: string;
  reason: string;
  since: Date;
  /** Throttled: over then. Paused: no time that means anything. Else the next time that one job may try. */
  until: Date;
  note: string | null;
  /** Who paused it, if it is known. */
  actor: string | null;
};

/** Says in one line what waits, why, and what ends that. */
export function holdLine({ scope, key, reason, since, until, note, actor }: Hold): string {
  const what = `The ${scope} ${key}`;
  if (reason === 'paused') return `${what} is paused since ${clock(since)}${actor ? `, by ${actor}` : ''}${quoted(note)}`;
  if (reason === 'throttled') return `${what} asked for time until ${clock(until)}`;
  return `${what} is held since ${clock(since)} (${reason}); one job tries it at ${clock(until)}`;
}

/** A time of today without its day. */
export function clock(at: Date, now = new Date()): string {
  const time = at.toTimeString().slice(0, 8);
  return at.toDateString() === now.toDateString() ? time : `${at.toISOString().slice(0, 10)} ${time}`;
}

export const quoted = (note: string | null): string => (note === null ? '' : ` (“${note}”)`);
