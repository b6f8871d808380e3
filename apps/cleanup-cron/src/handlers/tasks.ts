import type { CleanupTaskName } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from '@orderly/ledger';
import { createExpireTokens } from './expire-tokens';
import { createRotateLogs } from './rotate-logs';

/** Bounded, safe to run twice at once; what its report names beside the figures is kept with the run. */
export type CleanupTask = (options: CleanupOptions) => Promise<CleanupReport>;

/** Every cleanup task, by name. */
export const createTasks = (db: Database): Readonly<Record<CleanupTaskName, CleanupTask>> => ({
  'expire-tokens': createExpireTokens(db),
  'rotate-logs': createRotateLogs(db),
});
