import { isAppError } from '@orderly/errors';
import type { DueJob, Verdict } from '@orderly/jobs';
import { metrics, type Logger } from '@orderly/observability';
import { outcomeOf } from './attempt-log';

/** An attempt that has ended, as metrics and log need it. */
export interface AttemptReport {
  readonly job: DueJob;
  readonly startedAt: Date;
  readonly verdict: Verdict;
  readonly failure: unknown;
  /** False if this process had lost the claim, so that another one decides about the job. */
  readonly settled: boolean;
}

/** Reports the end of an attempt to metrics and log: at debug level after a success, else as a warning. */
export function reportAttempt({ job, startedAt, verdict, failure, settled }: AttemptReport, logger: Logger): void {
  const outcome = settled ? outcomeOf(verdict) : 'claim-lost';
  const reason = failure === undefined ? 'none' : isAppError(failure) ? failure.code : 'job-failed';
  measureAttempt(job, outcome, reason, startedAt);
  if (verdict.kind === 'dead' && settled) metrics.deadLetters.add({ job: job.name, code: verdict.code });
  if (failure === undefined && settled) logger.debug({ outcome }, 'Attempt ended');
  else logger.warn({ outcome, reason, ...(isAppError(failure) ? {} : { err: failure }) }, 'Attempt failed');
}

/** Records the end of an attempt in the metrics alone. @param reason - the error code, or `none` after a success */
export function measureAttempt(
  job: Pick<DueJob, 'name' | 'queue' | 'waitMs'>,
  outcome: string,
  reason: string,
  startedAt: Date,
): void {
  metrics.jobsEnded.add({ job: job.name, queue: job.queue, outcome, reason });
  metrics.jobDuration.record((Date.now() - startedAt.getTime()) / 1000, { job: job.name, outcome });
  metrics.jobQueueWait.record(job.waitMs / 1000, { job: job.name });
}
