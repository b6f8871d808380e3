import type { JobPolicy } from '@orderly/contracts';
import {
  ConfigurationError,
  isAppError,
  PermanentError,
  RetryableError,
  ShutdownError,
  ThrottledError,
  UnknownOutcomeError,
} from '@orderly/errors';
import { backoffMs } from './backoff';
import type { ClaimedJob } from './claim';
import type { Verdict } from './settlement';

/** A held destination is tried again this often, in ms. */
const holdCheckMs = 60_000;

const hourMs = 3_600_000;

/** What follows from a failed attempt. Anything that is no AppError is worth another attempt. */
export function classifyFailure(error: unknown, job: ClaimedJob, policy: JobPolicy, random: number = Math.random()): Verdict {
  const verdict = verdictOf(error, job, policy, random);
  const isTooOld = job.ageMs > policy.maxAgeHours * hourMs;
  // A process that stops says nothing about the job: the next one tries it once more.
  if (verdict.kind === 'again' && verdict.waitReason !== 'handed-back' && isTooOld) {
    return dead(job, 'job-expired', `open for more than ${policy.maxAgeHours} hours; last: ${messageOf(error)}`);
  }
  return verdict;
}

/** What dead letters are grouped by: the error's code and the destination, or the job's name where there is none. */
export const fingerprintOf = (code: string, job: Pick<ClaimedJob, 'destination' | 'name'>): string =>
  `${code}:${job.destination ?? job.name}`;

function verdictOf(error: unknown, job: ClaimedJob, policy: JobPolicy, random: number): Verdict {
  if (error instanceof ShutdownError) return { kind: 'again', delayMs: 0, usesAttempt: false, waitReason: 'handed-back' };
  if (error instanceof ThrottledError) {
    const delayMs = error.retryAfterMs;
    return { kind: 'again', delayMs, usesAttempt: false, waitReason: 'throttled', hold: { reason: 'throttled', forMs: delayMs } };
  }
  if (error instanceof ConfigurationError) {
    const hold = { reason: error.code, forMs: holdCheckMs };
    return { kind: 'again', delayMs: holdCheckMs, usesAttempt: false, waitReason: 'held', hold };
  }
  if (error instanceof UnknownOutcomeError) return { kind: 'ended', outcome: 'unknown', reason: error.code };

  const code = isAppError(error) ? error.code : 'job-failed';
  const attemptsUsed = job.attemptsUsed + 1;
  if (error instanceof PermanentError || attemptsUsed >= policy.attempts) return dead(job, code, messageOf(error));

  const asked = error instanceof RetryableError ? error.retryAfterMs : undefined;
  return { kind: 'again', delayMs: asked ?? backoffMs(attemptsUsed, policy, random), usesAttempt: true, waitReason: 'retry' };
}

const dead = (job: ClaimedJob, code: string, message: string): Verdict => ({
  kind: 'dead',
  code,
  message,
  fingerprint: fingerprintOf(code, job),
});

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
