import { findJobDefinition, retryConfig, type JobPolicy } from '@orderly/contracts';
import { PermanentError, UnknownOutcomeError, type AppError } from '@orderly/errors';
import type { ClaimedJob } from '@orderly/jobs';
import type { BoundJob } from './bind-job';

/** A job that took its process down this often is not run again. */
const maxCrashes = 3;

type BoundJobs = Readonly<Record<string, BoundJob>>;

/** What is bound to a name that comes from the ledger: `toString` handles nothing. */
export const boundJob = (name: string, jobs: BoundJobs): BoundJob | undefined =>
  Object.hasOwn(jobs, name) ? jobs[name] : undefined;

/** The policy of a job. For a job that nobody here handles it holds only what the dead letter needs. */
export const policyOf = (name: string, jobs: BoundJobs): JobPolicy =>
  (boundJob(name, jobs)?.definition ?? findJobDefinition(name) ?? unknownJob).policy;

const unknownJob: { policy: JobPolicy } = {
  policy: { ...retryConfig, priority: 'normal', concurrency: 1, timeoutMs: 1000, whenLost: 'retry' },
};

/**
 * Why a job is not run again: its process died too often, or nobody can tell whether the effect took place. A loss is counted in
 * the job's row, so it is still known when the claim that met it was given up.
 */
export function whyHopeless(job: ClaimedJob, policy: JobPolicy): AppError | undefined {
  if (job.crashes > 0 && policy.whenLost === 'unknown') return outcomeUnknown(job, 'The process died while it ran this job');
  if (job.crashes < maxCrashes) return undefined;
  return new PermanentError('job-crashed', `The process died ${job.crashes} times while it ran this job`);
}

/** Nobody can tell whether the job's effect took place. */
export const outcomeUnknown = (job: Pick<ClaimedJob, 'destination'>, message: string): UnknownOutcomeError =>
  new UnknownOutcomeError(job.destination === null ? 'message-outcome-unknown' : 'destination-outcome-unknown', message);
