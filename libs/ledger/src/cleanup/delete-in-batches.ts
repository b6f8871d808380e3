import type { Database } from '@orderly/database';
import { defaultBatch, type CleanupOptions, type CleanupReport } from './cleanup-report';

/** The rows to delete. Both texts are SQL from our code, never input. */
export interface Doomed {
  readonly table: string;
  /** The condition that they meet; its values start at `$2`. */
  readonly where: string;
  /** From `$2` on. */
  readonly values?: readonly unknown[];
}

/** Deletes rows in batches. Locked rows are left to the next run, so that neither side waits. */
export async function deleteInBatches(
  db: Pick<Database, 'query'>,
  { table, where, values = [] }: Doomed,
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
    if (gone.rows < batch) return { rows, bytes, isComplete: true };
    if (!(await pause())) return { rows, bytes, isComplete: false };
  }
}

/** Runs steps in sequence until one is incomplete, and adds up their reports. */
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
