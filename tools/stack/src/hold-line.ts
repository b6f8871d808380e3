/** A hold as it is in the ledger: the reason why a queue or destination waits. */
export type Hold = {
  scope: string;
  key: string;
  reason: string;
  since: Date;
  /** Throttled: the end of the hold. Paused: no meaning. Otherwise: the time of the next probe by one job. */
  until: Date;
  note: string | null;
  /** The person who paused it, if known. */
  actor: string | null;
};

/** Describes a hold in one line: what waits, why, and until when. */
export function holdLine({ scope, key, reason, since, until, note, actor }: Hold): string {
  const what = `The ${scope} ${key}`;
  if (reason === 'paused') return `${what} has been paused since ${clock(since)}${actor ? `, by ${actor}` : ''}${quoted(note)}`;
  if (reason === 'throttled') return `${what} is throttled until ${clock(until)}`;
  return `${what} has been held since ${clock(since)} (${reason}); one job tries again at ${clock(until)}`;
}

/** A time for people; the date is omitted if it is today. */
export function clock(at: Date, now = new Date()): string {
  const time = at.toTimeString().slice(0, 8);
  return at.toDateString() === now.toDateString() ? time : `${at.toISOString().slice(0, 10)} ${time}`;
}

export const quoted = (note: string | null): string => (note === null ? '' : ` (“${note}”)`);
