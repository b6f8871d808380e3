import type { Database } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { sumOf } from './delete-in-batches';
import { expireEventKeys } from './expire-event-keys';
import { findExpiredWeeks, logTables } from './expired-weeks';
import { mustBeKept } from './find-open-work';
import { firstId } from './id-bounds';
import { releaseOrders } from './release-orders';

export interface ExpireHistoryOptions extends CleanupOptions {
  /** How long events, jobs, attempts and messages are kept, counted from the end of their week. */
  readonly retentionDays: number;
  /** How long a repeated event is recognised. */
  readonly keyRetentionDays: number;
}

/** Removed rows by kind. */
export interface ExpireHistoryReport extends CleanupReport {
  readonly eventKeys: number;
  /** Changes, lanes and placeholders of orders. */
  readonly orderRows: number;
}

/**
 * Removes old rows of tables without partitions: event keys past their retention, and the history of orders in expired weeks. The
 * weeks' own partitions are dropped later by `rotate-logs`.
 */
export async function expireHistory(
  db: Database,
  { retentionDays, keyRetentionDays, ...options }: ExpireHistoryOptions,
): Promise<ExpireHistoryReport> {
  const keys = await expireEventKeys(db, keyRetentionDays, options);
  if (!keys.isComplete) return { ...keys, eventKeys: keys.rows, orderRows: 0 };
  const orders = await releaseExpiredWeeks(db, retentionDays, options);
  const sum = await sumOf([async () => keys, async () => orders]);
  return { ...sum, eventKeys: keys.rows, orderRows: orders.rows };
}

/** A week that must be kept also protects the changes of its orders: see `since` of {@link releaseOrders}. */
async function releaseExpiredWeeks(db: Database, retentionDays: number, options: CleanupOptions): Promise<CleanupReport> {
  const sum = { rows: 0, bytes: 0 };
  let since = firstId;
  for (const week of await findExpiredWeeks(db.query, logTables, retentionDays)) {
    if (await mustBeKept(db.query, week)) {
      since = week.to;
      continue;
    }
    const { rows, bytes, isComplete } = await releaseOrders(db, week, since, options);
    sum.rows += rows;
    sum.bytes += bytes;
    if (!isComplete) return { ...sum, isComplete };
  }
  return { ...sum, isComplete: true };
}
