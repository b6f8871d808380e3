import type { Database } from '@orderly/database';
import { type CleanupOptions, rotateLogs, type RotateLogsReport } from '@orderly/ledger';

/** The task is due weekly: so many of its runs may be missed before rows land in a default partition. */
const weeksAhead = 8;
/** How long events, jobs, attempts and messages are kept. */
const retentionDays = 90;
/** How long the audit trail is kept: a year, and the weeks in which people still ask about its beginning. */
const auditRetentionDays = 400;

/** Weekly: makes partitions ahead of time, and drops those past retention. */
export const createRotateLogs =
  (db: Database) =>
  (options: CleanupOptions): Promise<RotateLogsReport> =>
    rotateLogs(db, { ...options, weeksAhead, retentionDays, auditRetentionDays });
