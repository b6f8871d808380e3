import type { JobPolicy } from '@orderly/contracts';
import {
  ConfigurationError,
  DeferredError,
  isAppError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
} from '@orderly/errors';
import { backoffMs } from './backoff';
import type { DueJob } from './claim';
import type { Verdict } from './settlement';

/** A held destination is tried again this often, in ms. */
const holdCheckMs = 60_000;

const hourMs = 3_600_000;

/**
 * Decides what follows from a failed attempt. An error that is no AppError is retried. If the last attempt may have taken effect,
 * the job ends `unknown`: it is not known to have failed.
 */
export function classifyFailure(error: unknown, job: DueJob, policy: JobPolicy, random: number = Math.random()): Verdict {
  const verdict = verdictOf(error, job, policy, random);
  // A stopping process says nothing about the job: the next process tries it again.
  if (verdict.kind === 'again' && verdict.waitReason !== 'handed-back' && isTooOld(job, policy)) {
    if (leavesDoubt(error, job)) return unknown(isAppError(error) ? error.code : 'job-failed');
    return dead(job, 'job-expired', `open for longer than maxAgeHours (${policy.maxAgeHours}); last error: ${messageOf(error)}`);
  }
  return verdict;
}

/** The key that groups dead letters: the error's code and the destination, or the job's name if it has no destination. */
export const fingerprintOf = (code: string, job: Pick<DueJob, 'destination' | 'name'>): string =>
  `${code}:${job.destination ?? job.name}`;

/** Whether a failure of this attempt ends the job. */
export const isLastAttempt = (job: DueJob, policy: JobPolicy): boolean =>
  job.attemptsUsed + 1 >= policy.attempts || isTooOld(job, policy);

const isTooOld = (job: DueJob, policy: JobPolicy): boolean => job.ageMs > policy.maxAgeHours * hourMs;

/** Whether a failed attempt may have taken effect: it got no answer, or an answer that leaves it open. */
export const isAmbiguous = (error: unknown): boolean => isAppError(error) && error.details['ambiguous'] === true;

/** An earlier try may have done what this one failed to do. */
const leavesDoubt = (error: unknown, job: DueJob): boolean => isAmbiguous(error) || job.isInDoubt === true;

function verdictOf(error: unknown, job: DueJob, policy: JobPolicy, random: number): Verdict {
  if (error instanceof ShutdownError) return { kind: 'again', delayMs: 0, usesAttempt: false, waitReason: 'handed-back' };
  if (error instanceof ThrottledError) {
    const delayMs = error.retryAfterMs;
    return { kind: 'again', delayMs, usesAttempt: false, waitReason: 'throttled', hold: { reason: 'throttled', forMs: delayMs } };
  }
  if (error instanceof ConfigurationError) {
    const hold = { reason: error.code, forMs: holdCheckMs };
    return { kind: 'again', delayMs: holdCheckMs, usesAttempt: false, waitReason: 'held', hold };
  }
  if (error instanceof DeferredError) {
    const delayMs = backoffMs(Math.max(job.tries, 1), policy, random);
    return { kind: 'again', delayMs, usesAttempt: false, waitReason: 'retry' };
  }
  if (error instanceof UnknownOutcomeError) return unknown(error.code);

  const code = isAppError(error) ? error.code : 'job-failed';
  const attemptsUsed = job.attemptsUsed + 1;
  if (error instanceof PermanentError) return dead(job, code, messageOf(error));
  if (attemptsUsed >= policy.attempts) return leavesDoubt(error, job) ? unknown(code) : dead(job, code, messageOf(error));

  const asked = error instanceof RetryableError ? error.retryAfterMs : undefined;
  return { kind: 'again', delayMs: asked ?? backoffMs(attemptsUsed, policy, random), usesAttempt: true, waitReason: 'retry' };
}

const unknown = (reason: string): Verdict => ({ kind: 'ended', outcome: 'unknown', reason });

const dead = (job: DueJob, code: string, message: string): Verdict => ({
  kind: 'dead',
  code,
  message,
  fingerprint: fingerprintOf(code, job),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
