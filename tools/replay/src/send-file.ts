import type { ReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { packBatches } from './event-batches';
import { readEventLines, type EventLine } from './event-lines';
import type { Gateway } from './gateway';
import type { ShownProblem } from './gateway-answers';
import { batchLimits, Pace } from './pace';

/** A rejected line and the reason. */
type RejectedLine = { line: number; code: string; detail?: string };

/** The results of the lines of the file. */
export type Tally = {
  accepted: number;
  duplicates: number;
  rejected: number;
  firstRejected: RejectedLine[];
  /** True if a request without an answer may have been accepted: some duplicates may be events of this run. */
  isUncertain: boolean;
  sentBytes: number;
};

export type SendOptions = {
  file: ReadStream;
  gateway: Gateway;
  eventsPerSecond?: number;
  interrupted: AbortSignal;
  /** Called after each request. */
  onSent: (tally: Tally) => void;
};

/** The number of rejected lines that are shown; the others usually have the same fault. */
const maxShown = 10;
const maxDetailLength = 100;

export const emptyTally = (): Tally => ({
  ...{ accepted: 0, duplicates: 0, rejected: 0, firstRejected: [], isUncertain: false, sentBytes: 0 },
});

/**
 * Sends a file of events and counts the results in `tally`. Each batch waits for the answer to the one before: two concurrent
 * requests could be accepted in the wrong order.
 */
export async function sendFile(
  tally: Tally,
  { file, gateway, eventsPerSecond, interrupted, onSent }: SendOptions,
): Promise<void> {
  const pace = new Pace(eventsPerSecond);
  for await (const { lines, faulty } of packBatches(readEventLines(file), batchLimits(eventsPerSecond))) {
    for (const { number, problem } of faulty) reject(tally, number, { code: problem ?? 'invalid-json' });
    if (lines.length > 0) {
      await pause(pace.waitBefore(lines.length, performance.now()), undefined, { signal: interrupted });
      await send(lines, gateway, tally);
    }
    tally.sentBytes = Math.max(lines.at(-1)?.endsAtByte ?? 0, faulty.at(-1)?.endsAtByte ?? 0);
    onSent(tally);
    interrupted.throwIfAborted();
  }
}

async function send(lines: readonly EventLine[], gateway: Gateway, tally: Tally): Promise<void> {
  const sent = await gateway.sendEvents(lines.map(({ text }) => text));
  if (!sent.taken) {
    const [first, ...others] = lines;
    if (first && others.length === 0) return reject(tally, first.number, sent.problem);
    // One faulty line makes the gateway refuse the request. Bisection finds it, and the other lines are accepted in order.
    const middle = Math.ceil(lines.length / 2);
    await send(lines.slice(0, middle), gateway, tally);
    return send(lines.slice(middle), gateway, tally);
  }
  if (sent.wasSentBefore) tally.isUncertain = true;
  for (const { index, status, problem } of sent.answer.results) {
    if (status === 'accepted') tally.accepted += 1;
    else if (status === 'duplicate') tally.duplicates += 1;
    else reject(tally, lines[index]?.number ?? 0, problem ?? { code: 'rejected' });
  }
}

function reject(tally: Tally, line: number, problem: ShownProblem): void {
  tally.rejected += 1;
  if (tally.firstRejected.length >= maxShown) return;
  const fault = problem.errors?.[0];
  const detail = fault ? `${fault.pointer.replace(/^#\/\d+/, '#')} ${fault.detail}` : problem.detail;
  tally.firstRejected.push({ line, code: problem.code, detail: detail && shortened(detail) });
}

const shortened = (text: string): string => (text.length > maxDetailLength ? `${text.slice(0, maxDetailLength - 1)}…` : text);
