import { z } from 'zod';
import { defineJob } from '../define-job';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

const defineCleanupTask = <Name extends string>(name: Name) =>
  defineJob({
    name,
    queue: () => queueNames.maintenance,
    payload: z.object({ runId: z.uuid() }),
    policy: { ...retryConfig, priority: 'low', concurrency: 2, timeoutMs: 600_000, whenLost: 'retry' },
  });

/** The jobs of the queue `maintenance`. Every task is bounded, and two runs at the same time are safe. */
export const cleanupTasks = {
  /** Deletes expired API keys, and heartbeats of dead processes. */
  'expire-tokens': defineCleanupTask('expire-tokens'),
  /** Deletes expired event keys, and the rows that orders of an expired week leave behind. Continues where the last run stopped. */
  'expire-history': defineCleanupTask('expire-history'),
  /** Creates future partitions, and drops those past retention that contain no open job. */
  'rotate-logs': defineCleanupTask('rotate-logs'),
} as const;

export type CleanupTaskName = keyof typeof cleanupTasks;

/** The schedule of each task: cron patterns in UTC. Partitions are created weeks ahead, so a missed run is harmless. */
export const cleanupSchedules: Readonly<Record<CleanupTaskName, string>> = {
  'expire-tokens': '15 3 * * *',
  // A day of 500 events a second is too much for one run.
  'expire-history': '45 * * * *',
  'rotate-logs': '30 3 * * 0',
};
