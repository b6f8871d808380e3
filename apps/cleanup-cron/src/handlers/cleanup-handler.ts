import type { cleanupTasks, CleanupTaskName } from '@orderly/contracts';
import { done, skipped, type JobHandler } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { carryOutRun, type CarryOutDeps } from '../carry-out-run';
import type { CleanupTask } from './tasks';

export interface CleanupHandlerDeps extends Omit<CarryOutDeps, 'signal'> {
  readonly logger: Logger;
}

/** Carries out the run that the job's payload names. */
export const createCleanupHandler =
  (task: CleanupTask, { logger, ...deps }: CleanupHandlerDeps): JobHandler<(typeof cleanupTasks)[CleanupTaskName]> =>
  async ({ job, payload, signal }) => {
    const summary = await carryOutRun(payload.runId, task, { ...deps, signal });
    // A process died after it had finished the run and before it had settled the job.
    if (summary === undefined) return skipped('the run is already done');
    logger.info({ task: job.name, runId: payload.runId, ...summary }, 'A cleanup task has finished');
    return done();
  };
