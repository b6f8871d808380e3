import type { Database } from '@orderly/database';
import { defaultBatch, type CleanupOptions, type CleanupReport } from './cleanup-report';

/** Rows to delete. Both texts become part of a statement, so they must never come from input. */
export interface RowsToDelete {
  readonly table: string;
  /** The condition for these rows. Its parameters begin at `$2`, because `$1` is the size of a batch. */
  readonly where: string;
  /** The values of the parameters from `$2` on. */
  readonly values?: readonly unknown[];
}

/** Deletes rows in batches. Locked rows are left for the next run, so that neither side waits. */
export async function deleteInBatches(
  db: Pick<Database, 'query'>,
  { table, where, values = [] }: RowsToDelete,
  { batch = defaultBatch, pause, signal }: CleanupOptions,
): Promise<CleanupReport> {
  const text = `
    with picked as (select ctid from ${table} where ${where} limit $1 for update skip locked),
    gone as (delete from ${table} t using picked where t.ctid = picked.ctid returning pg_column_size(t) as bytes)
    select count(*)::integer as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone`;
  let rows = 0;
  let bytes = 0;
  for (;;) {
    signal.throwIfAborted();
    const [gone = { rows: 0, bytes: 0 }] = await db.query<{ rows: number; bytes: number }>(text, [batch, ...values]);
    rows += gone.rows;
    bytes += gone.bytes;
    // A short batch means that no rows are left, except locked ones.
    if (gone.rows < batch) return { rows, bytes, isComplete: true };
    if (!(await pause())) return { rows, bytes, isComplete: false };
  }
}

/** Runs steps in sequence and adds up their reports. Stops after an incomplete step, because its task was told to stop. */
export async function sumOf(steps: readonly (() => Promise<CleanupReport>)[]): Promise<CleanupReport> {
  const sum = { rows: 0, bytes: 0, isComplete: true };
  for (const step of steps) {
    const report = await step();
    sum.rows += report.rows;
    sum.bytes += report.bytes;
    sum.isComplete = report.isComplete;
    if (!report.isComplete) break;
  }
  return sum;
}
