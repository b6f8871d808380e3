import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { deleteInBatches, sumOf, type RowsToDelete } from './delete-in-batches';
import { hasOpenJobs } from './find-open-work';
import { idFloor } from './id-bounds';
import { createPartitions, dropPartitions, type Retention } from './partitions';
import { withShortLocks } from './short-locks';

export interface RotateLogsOptions extends CleanupOptions, Retention {
  /** The number of weeks after this one for which partitions are created. */
  readonly weeksAhead: number;
}

/** The result of a rotation. */
export interface RotateLogsReport extends CleanupReport {
  /** Names of new partitions. */
  readonly created: readonly string[];
  /** Names of dropped partitions. */
  readonly dropped: readonly string[];
  /** Weeks past retention that were kept, with the reason. */
  readonly kept: readonly string[];
  /** Changes, lanes and placeholders of orders that were removed with their events. */
  readonly orderRows: number;
}

/**
 * Creates partitions ahead of time, drops those past retention without open jobs, and removes old rows from the default
 * partitions. New partitions come first: without them rows pile up in the default partitions.
 */
export async function rotateLogs(
  db: Database,
  { weeksAhead, retentionDays, auditRetentionDays, ...options }: RotateLogsOptions,
): Promise<RotateLogsReport> {
  const created = await createPartitions(db, weeksAhead, options);
  const partitions = await dropPartitions(db, { retentionDays, auditRetentionDays }, options);
  const sum = await sumOf([
    async () => partitions,
    () => deleteOldDefaults(db, retentionDays, options),
    () => deleteOldAuditDefaults(db, auditRetentionDays, options),
  ]);
  const { dropped, kept, released: orderRows } = partitions;
  return { ...sum, created, dropped, kept, orderRows };
}

const oldRows = (table: string, key: string, retentionDays: number): RowsToDelete => ({
  table,
  where: `${key} < uuid_floor(now() - make_interval(days => $2))`,
  values: [retentionDays],
});

/** Deletes rows of weeks that never had a partition. One open job among them keeps them all. */
async function deleteOldDefaults(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  if (await hasOpenJobs(db.query, 'jobs_default', await idFloor(db, retentionDays)))
    return { rows: 0, bytes: 0, isComplete: true };
  const tables = [
    oldRows('attempts_default', 'job_id', retentionDays),
    oldRows('messages_default', 'id', retentionDays),
    oldRows('events_default', 'event_id', retentionDays),
    oldRows('jobs_default', 'id', retentionDays),
  ];
  return sumOf(tables.map((rows) => () => deleteInBatches(db, rows, options)));
}

/**
 * Deletes each batch in a transaction that disables the trigger against deletes. Its lock keeps other writers out, so nobody else
 * can delete meanwhile.
 */
async function deleteOldAuditDefaults(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  const [row] = await db.query<{ old: boolean }>(
    `select exists (select from audit_default where id < uuid_floor(now() - make_interval(days => $1))) as old`,
    [retentionDays],
  );
  let [rows, bytes] = [0, 0];
  for (let isComplete = row?.old !== true; !isComplete;) {
    const batch = await withShortLocks(db, options.signal, async (query) => {
      await query('alter table audit_default disable trigger audit_is_append_only');
      const report = await deleteInBatches({ query }, oldRows('audit_default', 'id', retentionDays), {
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
