import type { Database, Query } from '@orderly/database';
import type { CleanupOptions, CleanupReport } from './cleanup-report';
import { firstId } from './id-bounds';

/**
 * A walk over a table in the order of its UUIDv7 ids, the oldest first. `table` and `key` become SQL, so never take them from
 * input.
 */
export interface Walk {
  /** The name under which the position is stored. A later run with the same name continues from there. */
  readonly name: string;
  readonly table: string;
  readonly key: string;
  /** The id that ends the walk, exclusive. */
  readonly end: string;
  /** Cleans up the rows from `from` to before `to`, in the transaction that moves the position. */
  readonly step: (query: Query, from: string, to: string) => Promise<{ readonly rows: number; readonly bytes: number }>;
}

/**
 * Continues a walk from its stored position. The position moves in the same transaction as the work, so a crash neither skips nor
 * repeats rows. The lock on the position makes concurrent runs take turns.
 */
export async function walkById(
  db: Database,
  { name, table, key, end, step }: Walk,
  { batch, pause, signal }: CleanupOptions & { readonly batch: number },
): Promise<CleanupReport> {
  await db.query(`insert into cleanup_cursors (name, position) values ($1, $2) on conflict do nothing`, [name, firstId]);
  const nextSql = `
    select coalesce((select ${key} from ${table} where ${key} >= $1 and ${key} < $2 order by ${key} offset $3 limit 1), $2) as next`;
  const sum = { rows: 0, bytes: 0 };
  for (;;) {
    signal.throwIfAborted();
    const cleaned = await db.transaction(async (query) => {
      const [cursor] = await query<{ position: string }>(`select position from cleanup_cursors where name = $1 for update`, [
        name,
      ]);
      // Without a position another run has finished the walk and deleted it.
      if (cursor === undefined || cursor.position >= end) return { rows: 0, bytes: 0, isComplete: true };
      const [bound] = await query<{ next: string }>(nextSql, [cursor.position, end, batch]);
      const next = bound?.next ?? end;
      const report = await step(query, cursor.position, next);
      await query(`update cleanup_cursors set position = $2, updated_at = now() where name = $1`, [name, next]);
      return { ...report, isComplete: next === end };
    });
    sum.rows += cleaned.rows;
    sum.bytes += cleaned.bytes;
    if (cleaned.isComplete) return { ...sum, isComplete: true };
    if (!(await pause())) return { ...sum, isComplete: false };
  }
}
