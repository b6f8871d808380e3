import { isAppError } from '@orderly/errors';
import type { ClaimedJob, Verdict } from '@orderly/jobs';
import { metrics, type Logger } from '@orderly/observability';
import { outcomeOf } from './attempt-log';

export interface AttemptReport {
  readonly job: ClaimedJob;
  readonly startedAt: Date;
  readonly verdict: Verdict;
  readonly failure: unknown;
  /** False: the claim was lost, and another process decides. */
  readonly settled: boolean;
}

/** Tells metrics and log how an attempt ended. */
export function reportAttempt({ job, startedAt, verdict, failure, settled }: AttemptReport, logger: Logger): void {
  const outcome = settled ? outcomeOf(verdict) : 'claim-lost';
  const reason = failure === undefined ? 'none' : isAppError(failure) ? failure.code : 'job-failed';
  measureAttempt(job, outcome, reason, startedAt);
  if (verdict.kind === 'dead' && settled) metrics.deadLetters.add({ job: job.name, code: verdict.code });
  if (failure === undefined && settled) logger.debug({ outcome }, 'Attempt ended');
  else logger.warn({ outcome, reason, ...(isAppError(failure) ? {} : { err: failure }) }, 'Attempt failed');
}

export function measureAttempt(
  job: Pick<ClaimedJob, 'name' | 'queue' | 'waitMs'>,
  outcome: string,
  reason: string,
  startedAt: Date,
): void {
  metrics.jobsEnded.add({ job: job.name, queue: job.queue, outcome, reason });
  metrics.jobDuration.record((Date.now() - startedAt.getTime()) / 1000, { job: job.name, outcome });
  metrics.jobQueueWait.record(job.waitMs / 1000, { job: job.name });
}
