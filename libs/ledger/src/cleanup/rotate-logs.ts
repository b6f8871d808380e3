import type { Database } from '@orderly/database';
import { defaultBatch, type CleanupOptions, type CleanupReport } from './cleanup-report';
import { deleteInBatches, sumOf, type Doomed } from './delete-in-batches';
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
  readonly eventKeys: number;
}

/** A producer that repeats an event within this time is told that it is a duplicate, however short the retention is. */
const minKeyDays = 90;

/**
 * Makes partitions ahead of time, and drops those past retention that hold no open job; then removes what the default
 * partitions hold from before retention, and event keys of that age.
 */
export async function rotateLogs(
  db: Database,
  { weeksAhead, retentionDays, auditRetentionDays, ...options }: RotateLogsOptions,
): Promise<RotateLogsReport> {
  const created = await createPartitions(db, weeksAhead, options);
  const partitions = await dropPartitions(db, { retentionDays, auditRetentionDays }, options);
  let eventKeys = 0;
  const sum = await sumOf([
    async () => partitions,
    () => deleteStrays(db, retentionDays, options),
    () => deleteAuditStrays(db, auditRetentionDays, options),
    async () => {
      const report = await deleteEventKeys(db, Math.max(minKeyDays, retentionDays), options);
      eventKeys = report.rows;
      return report;
    },
  ]);
  return { ...sum, created, dropped: partitions.dropped, kept: partitions.kept, eventKeys };
}

const stray = (table: string, key: string, retentionDays: number): Doomed => ({
  table,
  where: `${key} < uuid_floor(now() - make_interval(days => $2))`,
  values: [retentionDays],
});

/** Rows of weeks for which there never was a partition. While one of their jobs is open all of them stay. */
async function deleteStrays(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  const [row] = await db.query<{ open: boolean }>(
    `select exists (
       select from jobs_default where id < uuid_floor(now() - make_interval(days => $1)) and state <> 'ended') as open`,
    [retentionDays],
  );
  if (row?.open) return { rows: 0, bytes: 0, isComplete: true };
  const strays = [
    stray('attempts_default', 'job_id', retentionDays),
    stray('messages_default', 'id', retentionDays),
    stray('events_default', 'event_id', retentionDays),
    stray('jobs_default', 'id', retentionDays),
  ];
  return sumOf(strays.map((doomed) => () => deleteInBatches(db, doomed, options)));
}

/** The guard of the audit trail is off for a transaction that deletes one batch, in which nobody else can write there. */
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

/** No row of the table takes more: with it a batch's size gives the pages that hold no more rows than that. */
const keysPerPage = 80;

/**
 * The keys have no index on their age, and hundreds of millions of rows: one pass over the table's pages reads each once,
 * where searching for a batch of old ones would begin at the front again and again.
 */
async function deleteEventKeys(
  db: Database,
  keepDays: number,
  { batch = defaultBatch, pause, signal }: CleanupOptions,
): Promise<CleanupReport> {
  const [table] = await db.query<{ pages: number }>(
    `select pg_relation_size('event_keys') / current_setting('block_size')::bigint as pages`,
  );
  const pages = table?.pages ?? 0;
  const step = Math.max(Math.floor(batch / keysPerPage), 1);
  let rows = 0;
  let bytes = 0;
  for (let page = 0; page < pages; page += step) {
    signal.throwIfAborted();
    const [gone = { rows: 0, bytes: 0 }] = await db.query<{ rows: number; bytes: number }>(deleteKeysSql, [
      `(${page},0)`,
      `(${page + step},0)`,
      keepDays,
    ]);
    rows += gone.rows;
    bytes += gone.bytes;
    // Reading alone burdens nobody.
    if (gone.rows > 0 && !(await pause())) return { rows, bytes, isComplete: false };
  }
  return { rows, bytes, isComplete: true };
}

/** $1 and $2 the first page and the one after the last, $3 days. */
const deleteKeysSql = `
  with gone as (
    delete from event_keys
    where ctid >= $1::tid and ctid < $2::tid and created_at < now() - make_interval(days => $3)
    returning pg_column_size(event_keys) as bytes
  )
  select count(*)::integer as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone`;
