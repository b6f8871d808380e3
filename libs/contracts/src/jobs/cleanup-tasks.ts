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

/** The jobs of the queue `maintenance`. Every task is bounded, and safe to run twice at once. */
export const cleanupTasks = {
  /** Removes API keys past their expiry, and process heartbeats of the dead. */
  'expire-tokens': defineCleanupTask('expire-tokens'),
  /** Creates partitions ahead, and drops those past retention that hold no open job. */
  'rotate-logs': defineCleanupTask('rotate-logs'),
} as const;

export type CleanupTaskName = keyof typeof cleanupTasks;

/** When each task is due: cron patterns in UTC. Partitions reach weeks ahead, so that a missed run harms nothing. */
export const cleanupSchedules: Readonly<Record<CleanupTaskName, string>> = {
  'expire-tokens': '15 3 * * *',
  'rotate-logs': '30 3 * * 0',
};
