import type { Database, Query } from '@orderly/database';
import type { CleanupOptions } from './cleanup-report';
import { firstId, lastId } from './id-bounds';
import { findExpiredWeeks, logTables, partitionedTables, type ExpiredWeek, type PartitionedTable } from './expired-weeks';
import { hasOpenJobs, mustBeKept } from './find-open-work';
import { forgetWalk, releaseOrders } from './release-orders';
import { isLockTrouble, withShortLocks } from './short-locks';

/** The result of dropping partitions. */
export interface DroppedPartitions {
  readonly dropped: readonly string[];
  /** Weeks past retention that were kept, with the reason, such as `2026w07: open jobs`. */
  readonly kept: readonly string[];
  /** Changes, lanes and placeholders of orders that were removed with the events. */
  readonly released: number;
  /** Rows of the dropped partitions, estimated from a sample. */
  readonly rows: number;
  readonly bytes: number;
  readonly isComplete: boolean;
}

/** How long rows are kept, in days from the end of their week. */
export interface Retention {
  /** Events, jobs, attempts and messages. */
  readonly retentionDays: number;
  /** The audit trail. Its weeks are dropped even if open jobs remain. */
  readonly auditRetentionDays: number;
}

/**
 * Creates the missing partitions from this week to `weeksAhead` weeks later, and returns their names. Each week has a transaction
 * of its own, so that locks are held briefly.
 */
export async function createPartitions(
  db: Pick<Database, 'transaction'>,
  weeksAhead: number,
  { signal }: Pick<CleanupOptions, 'signal'>,
): Promise<string[]> {
  const created: string[] = [];
  for (let weeks = 0; weeks <= weeksAhead; weeks += 1) {
    const rows = await withShortLocks(db, signal, async (query) => {
      await lockFullDefaults(query);
      return query<{ name: string }>('select ensure_partitions($1) as name', [weeks]);
    });
    created.push(...rows.map(({ name }) => name));
  }
  return created;
}

/**
 * Drops the partitions of weeks past retention. A week with an open job is kept as a whole, and so is a week with a job that
 * blocks its lane: a person must still decide about it.
 */
export async function dropPartitions(
  db: Database,
  { retentionDays, auditRetentionDays }: Retention,
  options: CleanupOptions,
): Promise<DroppedPartitions> {
  const { pause, signal } = options;
  const result = { dropped: [] as string[], kept: [] as string[], released: 0, rows: 0, bytes: 0 };
  const expired = [
    ...(await findExpiredWeeks(db.query, logTables, retentionDays)),
    ...(await findExpiredWeeks(db.query, ['audit'], auditRetentionDays)),
  ];
  let since = firstId;
  for (const week of expired) {
    signal.throwIfAborted();
    if (week.partitions.audit === undefined) {
      const release = await releaseWeek(db, week, since, options);
      if (release === 'gone') continue;
      if (release === 'kept') {
        result.kept.push(`${week.week}: open jobs`);
        since = week.to;
        continue;
      }
      result.released += release.rows;
      if (!release.isComplete) return { ...result, isComplete: false };
    }
    for (const parent of partitionedTables) {
      const name = week.partitions[parent];
      if (name === undefined) continue;
      const outcome = await dropPartition(db, parent, name, signal);
      if (outcome === 'open jobs' || outcome === 'busy') {
        result.kept.push(`${week.week}: ${outcome}`);
        break;
      }
      if (outcome === 'gone') continue;
      result.dropped.push(name);
      result.rows += outcome.rows;
      result.bytes += outcome.bytes;
    }
    if (!(await pause())) return { ...result, isComplete: false };
  }
  return { ...result, isComplete: true };
}

/**
 * Releases the orders of a week before it is dropped. `kept` means that a person must still decide about a job of it, `gone` that
 * another run has begun to drop it, which it does after the release.
 */
async function releaseWeek(
  db: Database,
  week: ExpiredWeek,
  since: string,
  options: CleanupOptions,
): Promise<Awaited<ReturnType<typeof releaseOrders>> | 'kept' | 'gone'> {
  try {
    return (await mustBeKept(db.query, week)) ? 'kept' : await releaseOrders(db, week, since, options);
  } catch (error) {
    if ((error as { code?: unknown }).code === undefinedTable) return 'gone';
    throw error;
  }
}

/** The SQLSTATE of a statement that names a table which does not exist. */
const undefinedTable = '42P01';

/**
 * Locks the default partitions that have rows, before these rows are moved. A concurrent insert that has already chosen the
 * default partition would fail. With the parent locked, it waits before it chooses.
 */
async function lockFullDefaults(query: Query): Promise<void> {
  for (const parent of partitionedTables) {
    const [row] = await query<{ full: boolean }>(`select exists (select from ${parent}_default) as full`);
    if (row?.full) await query(`lock table only ${parent}, ${parent}_default in access exclusive mode`);
  }
}

type DropOutcome = { readonly rows: number; readonly bytes: number } | 'gone' | 'open jobs' | 'busy';

/** Drops one partition. `gone` means that another process has dropped it, `busy` that traffic held its locks. */
async function dropPartition(db: Database, parent: PartitionedTable, name: string, signal: AbortSignal): Promise<DropOutcome> {
  try {
    return await withShortLocks(db, signal, async (query) => {
      // Two runs must not detach partitions of one table at once: each would wait for the other's locks.
      await query(`select pg_advisory_xact_lock(hashtext('drop_partition'))`);
      const attached = await query(`select from pg_inherits where inhrelid = to_regclass($1)`, [name]);
      if (attached.length === 0) return 'gone';
      const size = await sizeOf(query, name);
      await query(`alter table ${parent} detach partition ${name}`);
      // A job may have been reopened since the first check. Now the lock keeps others out, so the answer stays true.
      if (parent === 'jobs' && (await hasOpenJobs(query, name, lastId))) throw new ReopenedError();
      await query(`drop table ${name}`);
      if (parent === 'events') await forgetWalk(query, name);
      return size;
    });
  } catch (error) {
    if (error instanceof ReopenedError) return 'open jobs';
    if (isLockTrouble(error)) return 'busy';
    throw error;
  }
}

/** `analyze` estimates the number of rows from a sample; counting would read all rows under the lock. */
async function sizeOf(query: Query, name: string): Promise<{ rows: number; bytes: number }> {
  await query(`analyze ${name}`);
  const [size] = await query<{ rows: number; bytes: number }>(
    `select greatest(reltuples, 0)::bigint as rows, pg_total_relation_size(oid)::bigint as bytes
     from pg_class where oid = to_regclass($1)`,
    [name],
  );
  return size ?? { rows: 0, bytes: 0 };
}

/** Thrown to roll the transaction back, so that the partition stays attached. */
class ReopenedError extends Error {}
