import { findJobDefinition } from '@orderly/contracts';
import type { OpenJob, QueueFacts } from '@orderly/read-model';
import { errorCodes } from '@orderly/errors';

/** The progress of an open job, explained for people who do not know the code. */
export interface Progress {
  readonly job: string;
  readonly state: 'running' | 'retrying' | 'waiting' | 'held' | 'paused';
  /** When the job started or became due; null if it is not due yet. */
  readonly since: Date | null;
  readonly attemptsUsed: number;
  /** The most attempts that the job may use; null if its type is unknown. */
  readonly attempts: number | null;
  /** Null while the job runs, and if the time cannot be known, as during a pause. */
  readonly nextTryAt: Date | null;
  readonly reason: WaitExplanation | null;
  readonly lastError: LastError | null;
  readonly traceId: string | null;
}

/** Why a job waits. */
export interface WaitExplanation {
  /** Stable, for programs. */
  readonly code: string;
  /** For people; may change. */
  readonly text: string;
}

/** The error of a job's last attempt. */
export interface LastError {
  readonly code: string;
  readonly message: string | null;
  readonly responseStatus: number | null;
}

/**
 * Explains the state of an open job.
 *
 * @param queue - the queue of the job
 * @param now - the moment of the snapshot
 */
export function progressOf(job: OpenJob, queue: QueueFacts, now: Date): Progress {
  const isRunning = job.state === 'running' && !job.isLost;
  const { state, nextTryAt, reason } = isRunning ? running : waitOf(job, queue, now);
  return {
    job: job.id,
    state,
    since: sinceOf(job, isRunning, now),
    attemptsUsed: job.attemptsUsed,
    attempts: attemptsOf(job),
    nextTryAt,
    reason,
    lastError: lastErrorOf(job),
    traceId: job.traceId,
  };
}

/** The error of the last attempt; null if it had none. */
export const lastErrorOf = ({ errorCode, errorMessage, responseStatus }: OpenJob): LastError | null =>
  errorCode === null ? null : { code: errorCode, message: errorMessage, responseStatus };

const running: Wait = { state: 'running', nextTryAt: null, reason: null };

type Wait = Pick<Progress, 'state' | 'nextTryAt' | 'reason'>;

/** Returns only the strongest reason: the first thing that must change before the job can run. */
function waitOf(job: OpenJob, { name, paused, hold, workers }: QueueFacts, now: Date): Wait {
  const wait = (state: Wait['state'], nextTryAt: Date | null, code: string, text: string): Wait => ({
    state,
    nextTryAt,
    reason: { code, text },
  });
  if (paused) {
    const why = paused.reason === null ? '' : ` ("${paused.reason}")`;
    const text = `${paused.onBehalfOf ?? paused.actor ?? 'Somebody'} paused ${name} at ${time(paused.since)}${why}. No job starts until it is resumed.`;
    return wait('paused', null, 'paused', text);
  }
  const isHoldDue = hold !== null && hold.until <= now;
  // While a hold lasts, a missing worker is not the first obstacle.
  if (workers === 0 && (hold === null || isHoldDue)) {
    return wait('waiting', null, 'no-worker', `No live process serves ${name}. Is its worker running?`);
  }
  if (hold?.reason === 'throttled') {
    const text = `The destination asked for time until ${time(hold.until)}. No attempt is used.`;
    return wait('held', laterOf(job.runAt, hold.until), 'throttled', text);
  }
  if (hold) {
    const since = `All jobs for it have been waiting since ${time(hold.since)}`;
    const next = isHoldDue ? 'the next one that is due tries again' : `one tries again at ${time(hold.until)}`;
    const nextTryAt = laterOf(job.runAt, hold.until);
    return wait('held', nextTryAt > now ? nextTryAt : null, hold.reason, `${meaningOf(hold.reason)} ${since}; ${next}.`);
  }
  if (job.isLost)
    return wait('waiting', null, 'process-lost', 'Its process died. Another process takes the job over within seconds.');
  if (job.runAt > now) return { ...untilItsTime(job), nextTryAt: job.runAt };
  return wait('waiting', null, 'queued', `Due since ${time(job.runAt)}; waits for its turn in ${name}.`);
}

function untilItsTime(job: OpenJob): Pick<Wait, 'state' | 'reason'> {
  const at = time(job.runAt);
  switch (job.waitReason) {
    case null:
      return { state: 'waiting', reason: { code: 'delayed', text: `Not due before ${at}.` } };
    case 'retry':
      return { state: 'retrying', reason: { code: 'retry', text: `${failureOf(job)} Next try at ${at}.` } };
    case 'handed-back':
      return {
        state: 'retrying',
        reason: {
          code: 'handed-back',
          text: `Its process stopped and handed the job back without using an attempt. It runs at ${at}.`,
        },
      };
    default:
      return {
        state: 'retrying',
        reason: { code: job.waitReason, text: `${failureOf(job)} No attempt was used. Next try at ${at}.` },
      };
  }
}

function failureOf(job: OpenJob): string {
  const allowed = attemptsOf(job);
  const tries = `${job.attemptsUsed}${allowed === null ? '' : ` of ${allowed}`} attempts used`;
  return job.errorCode === null ? `${tries}.` : `The last try failed with ${job.errorCode} (${tries}).`;
}

function sinceOf({ claimedAt, runAt }: OpenJob, isRunning: boolean, now: Date): Date | null {
  if (isRunning) return claimedAt;
  return runAt <= now ? runAt : null;
}

/** The most attempts that a job may use; null if its type is unknown to this version. */
export const attemptsOf = ({ name }: OpenJob): number | null => findJobDefinition(name)?.policy.attempts ?? null;

const laterOf = (one: Date, other: Date): Date => (one > other ? one : other);

const meaningOf = (code: string): string =>
  Object.hasOwn(errorCodes, code) ? errorCodes[code as keyof typeof errorCodes] : `${code}.`;

const time = (at: Date): string => at.toISOString();
