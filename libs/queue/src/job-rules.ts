import { findJobDefinition, retryConfig, type JobPolicy } from '@orderly/contracts';
import { PermanentError, UnknownOutcomeError, type AppError } from '@orderly/errors';
import type { DueJob } from '@orderly/jobs';
import type { BoundJob } from './bind-job';

/** A job is not run again after it took its process down this many times: it would do so for ever. */
const maxCrashes = 3;

type BoundJobs = Readonly<Record<string, BoundJob>>;

/** Finds the handler of a job name from the ledger. A plain index would find `toString` and other inherited names too. */
export const boundJob = (name: string, jobs: BoundJobs): BoundJob | undefined =>
  Object.hasOwn(jobs, name) ? jobs[name] : undefined;

/** The policy of a job. A job without a handler here gets a default policy, which only its dead letter uses. */
export const policyOf = (name: string, jobs: BoundJobs): JobPolicy =>
  (boundJob(name, jobs)?.definition ?? findJobDefinition(name) ?? unknownJob).policy;

const unknownJob: { policy: JobPolicy } = {
  policy: { ...retryConfig, priority: 'normal', concurrency: 1, timeoutMs: 1000, whenLost: 'retry' },
};

/**
 * Returns why a job must not run again, or undefined if it may. Either its process died too often, or its effect may have taken
 * place and must not be repeated. The job's row counts the crashes, so they are still known after a claim was given up.
 */
export function whyHopeless(job: DueJob, policy: JobPolicy): AppError | undefined {
  if (job.crashes > 0 && policy.whenLost === 'unknown') return outcomeUnknown(job, 'The process died while it ran this job');
  if (job.crashes < maxCrashes) return undefined;
  return new PermanentError('job-crashed', `The process died ${job.crashes} times while it ran this job`);
}

/** Makes the error for a job whose effect may or may not have taken place. */
export const outcomeUnknown = (job: Pick<DueJob, 'destination'>, message: string): UnknownOutcomeError =>
  new UnknownOutcomeError(job.destination === null ? 'message-outcome-unknown' : 'destination-outcome-unknown', message);
