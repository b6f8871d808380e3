import type { CleanupTaskName } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { expireHistory, expireTokens, rotateLogs, type CleanupOptions, type CleanupReport } from '@orderly/ledger';
import type { CleanupCronConfig } from '../config';

/** A cleanup task. It must be bounded, and safe to run twice at once. Further fields of its report are stored with the run. */
export type CleanupTask = (db: Database, options: CleanupOptions) => Promise<CleanupReport>;

/** Creates all cleanup tasks, by name. */
export const createTasks = ({
  retentionDays,
  auditRetentionDays,
  keyRetentionDays,
  weeksAhead,
}: CleanupCronConfig['retention']): Readonly<Record<CleanupTaskName, CleanupTask>> => ({
  'expire-tokens': (db, options) => expireTokens(db, { ...options, retentionDays }),
  'expire-history': (db, options) => expireHistory(db, { ...options, retentionDays, keyRetentionDays }),
  'rotate-logs': (db, options) => rotateLogs(db, { ...options, weeksAhead, retentionDays, auditRetentionDays }),
});
