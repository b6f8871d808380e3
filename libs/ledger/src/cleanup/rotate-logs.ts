import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { deleteInBatches, sumOf, type Doomed } from './delete-in-batches';
import { hasOpenJobs } from './find-open-work';
import { idFloor } from './id-bounds';
import { createPartitions, dropPartitions, type Retention } from './partitions';
import { withShortLocks } from './short-locks';

export interface RotateLogsOptions extends CleanupOptions, Retention {
  /** Partitions are made for so many weeks after this one. */
  readonly weeksAhead: number;
}

export interface RotateLogsReport extends CleanupReport {
  /** Partitions. */
  readonly created: readonly string[];
  /** Partitions. */
  readonly dropped: readonly string[];
  /** Weeks past retention that stay, with the reason. */
  readonly kept: readonly string[];
  /** Changes, lanes and placeholders of orders that went with their events. */
  readonly orderRows: number;
}

/**
 * Makes partitions ahead of time, and drops those past retention that hold no open job; then removes the rows past retention
 * from the default partitions.
 */
export async function rotateLogs(
  db: Database,
  { weeksAhead, retentionDays, auditRetentionDays, ...options }: RotateLogsOptions,
): Promise<RotateLogsReport> {
  const created = await createPartitions(db, weeksAhead, options);
  const partitions = await dropPartitions(db, { retentionDays, auditRetentionDays }, options);
  const sum = await sumOf([
    async () => partitions,
    () => deleteStrays(db, retentionDays, options),
    () => deleteAuditStrays(db, auditRetentionDays, options),
  ]);
  const { dropped, kept, released: orderRows } = partitions;
  return { ...sum, created, dropped, kept, orderRows };
}

const stray = (table: string, key: string, retentionDays: number): Doomed => ({
  table,
  where: `${key} < uuid_floor(now() - make_interval(days => $2))`,
  values: [retentionDays],
});

/** Rows of weeks that never had a partition. While one of their jobs is open all of them stay. */
async function deleteStrays(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  if (await hasOpenJobs(db.query, 'jobs_default', await idFloor(db, retentionDays)))
    return { rows: 0, bytes: 0, isComplete: true };
  const strays = [
    stray('attempts_default', 'job_id', retentionDays),
    stray('messages_default', 'id', retentionDays),
    stray('events_default', 'event_id', retentionDays),
    stray('jobs_default', 'id', retentionDays),
  ];
  return sumOf(strays.map((doomed) => () => deleteInBatches(db, doomed, options)));
}

/** Deletes each batch in a transaction that switches off the guard of the audit trail; its lock keeps all other writers out. */
async function deleteAuditStrays(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  const [row] = await db.query<{ old: boolean }>(
    `select exists (select from audit_default where id < uuid_floor(now() - make_interval(days => $1))) as old`,
    [retentionDays],
  );
  let [rows, bytes] = [0, 0];
  for (let isComplete = row?.old !== true; !isComplete;) {
    const batch = await withShortLocks(db, options.signal, async (query) => {
      await query('alter table audit_default disable trigger audit_is_append_only');
      const report = await deleteInBatches({ query }, stray('audit_default', 'id', retentionDays), {
        ...options,
        pause: async () => false,
      });
      await query('alter table audit_default enable trigger audit_is_append_only');
      return report;
    });
    rows += batch.rows;
    bytes += batch.bytes;
    isComplete = batch.isComplete;
    if (!isComplete && !(await options.pause())) return { rows, bytes, isComplete };
  }
  return { rows, bytes, isComplete: true };
}
