import type { Database } from '@orderly/database';

/** The longest wait of a due job, by queue, in whole ms. Queues without due jobs are missing. */
export async function readOldestWaits(db: Pick<Database, 'query'>, queues: readonly string[]): Promise<Map<string, number>> {
  const rows = await db.query<{ queue: string; ms: number }>(
    `select k.queue, round(extract(epoch from now() - j.run_at) * 1000)::float8 as ms
     from unnest($1::text[]) as k(queue)
     cross join lateral (
       select run_at from jobs
       where queue = k.queue and state in ('runnable', 'parked') and run_at <= now()
       order by run_at
       limit 1
     ) j`,
    [queues],
  );
  return new Map(rows.map(({ queue, ms }) => [queue, ms]));
}
