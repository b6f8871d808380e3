import type { Database } from '@orderly/database';
import { eq, sql } from 'drizzle-orm';
import { columnsOf, run } from '../lists/page';
import { operations } from '../schema';

/** An operation with its progress. */
export interface OperationRecord extends Omit<typeof operations.$inferSelect, 'canaries' | 'position' | 'nextAt' | 'apiKeyId'> {
  /** What became of the jobs that were sent: numbers by outcome, and `open`. A job that a later operation sent counts there. */
  readonly outcomes: Readonly<Record<string, number>>;
}

/**
 * Finds an operation. Its counts and the ends of its jobs are two reads, so they may differ by a step.
 *
 * @param db - or the `query` of the transaction that stored the operation
 */
export async function findOperation(db: Pick<Database, 'query'>, id: string): Promise<OperationRecord | undefined> {
  const [row] = await run<typeof operations.$inferSelect>(
    db,
    sql`select ${columnsOf(operations)} from ${operations} where ${eq(operations.id, id)}`,
  );
  if (row === undefined) return undefined;
  const { canaries: _, position: __, nextAt: ___, apiKeyId: ____, ...operation } = row;
  const counts = await db.query<{ outcome: string; count: number }>(
    `select coalesce(outcome, 'open') as outcome, count(*) as count from jobs
     where operation_id = $1 and redriven_at >= $2
     group by 1`,
    [id, row.createdAt],
  );
  return { ...operation, outcomes: Object.fromEntries(counts.map(({ outcome, count }) => [outcome, count])) };
}
