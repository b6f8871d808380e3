import type { Database } from '@orderly/database';

/** Made-up names: the sweep asks nothing of a queue but its name. */
export const queueNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `order-sync.partner-${index + 1}`);

/** Inserts runnable jobs that have been due for up to a minute, spread evenly over the queues. */
export async function makeJobs(db: Database, queues: readonly string[], count: number): Promise<void> {
  await db.query(
    `insert into jobs (id, name, queue, priority, payload, state, order_id, run_at)
     select (left(uuid_floor(now())::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, 'sync-order',
       ($1::text[])[1 + n % cardinality($1::text[])], 2 + n / 7 % 2, '{}', 'runnable', 'made-up-' || n,
       now() - interval '1 minute' * (1 - n / $2::float8)
     from generate_series(0, $2::int - 1) n`,
    [queues, count],
  );
  // As autovacuum does in a ledger that has been in use.
  await db.query('analyze jobs');
}

export async function removeJobs(db: Database): Promise<void> {
  await db.query('truncate jobs');
}
