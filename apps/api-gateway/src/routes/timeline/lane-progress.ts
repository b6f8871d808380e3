import type { QueueFacts, TimelineLane } from '@orderly/read-model';
import { attemptsOf, lastErrorOf, progressOf, type LastError, type Progress, type WaitExplanation } from './progress';

/** The newest version that a destination has confirmed, and the state of the job that brings it further. */
export interface LaneProgress {
  readonly destination: string;
  readonly ackedVersion: number;
  readonly state: Progress['state'] | 'in-sync' | 'blocked' | 'failed';
  readonly job: string | null;
  readonly since: Date | null;
  readonly attemptsUsed: number | null;
  readonly attempts: number | null;
  readonly nextTryAt: Date | null;
  readonly reason: WaitExplanation | null;
  readonly lastError: LastError | null;
  readonly traceId: string | null;
}

const nothingToDo = {
  job: null,
  since: null,
  attemptsUsed: null,
  attempts: null,
  nextTryAt: null,
  reason: null,
  lastError: null,
  traceId: null,
} as const;

/**
 * Explains the state of a lane.
 *
 * @param queue - the queue of the destination; required if the lane has an open job
 */
export function laneProgressOf(lane: TimelineLane, queue: QueueFacts | undefined, now: Date): LaneProgress {
  const { destination, ackedVersion, job } = lane;
  const confirmed = { destination, ackedVersion };
  if (job === null) return { ...confirmed, state: 'in-sync', ...nothingToDo };
  if (job.state !== 'ended' && queue !== undefined) return { ...confirmed, ...progressOf(job, queue, now) };

  const gaveUp = {
    ...nothingToDo,
    job: job.id,
    attemptsUsed: job.attemptsUsed,
    attempts: attemptsOf(job),
    lastError: lastErrorOf(job),
    traceId: job.traceId,
  };
  const why = job.outcome === 'unknown' ? 'outcome-unknown' : 'dead-letter';
  const failure =
    job.outcome === 'unknown' ? `It is unknown if version ${job.version} arrived` : `Version ${job.version} failed for good`;
  if (lane.isBlocked) {
    const text = `${failure}. Nothing newer of this order is sent to ${destination}, and no call settles the job yet.`;
    return { ...confirmed, state: 'blocked', ...gaveUp, reason: { code: why, text } };
  }
  // A later job may have delivered a newer version. Then the failure no longer matters.
  const isBehind = (job.outcome === 'dead' || job.outcome === 'unknown') && (job.version ?? 0) > ackedVersion;
  if (!isBehind) return { ...confirmed, state: 'in-sync', ...nothingToDo };
  const text = `${failure}. The next change of the order will be sent.`;
  return { ...confirmed, state: 'failed', ...gaveUp, reason: { code: why, text } };
}
