import type { Database } from '@orderly/database';

/**
 * The names of the queues that have open or ended jobs, sorted. `select distinct` would read every job; this recursion jumps from
 * one name to the next in the index, so its cost grows with the number of queues.
 */
export async function knownQueues(db: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await db.query<{ queue: string }>(`
    with recursive known as (
      (select queue from jobs order by queue limit 1)
      union all
      select (select jobs.queue from jobs where jobs.queue > known.queue order by jobs.queue limit 1)
      from known where known.queue is not null
    )
    select queue from known where queue is not null`);
  return rows.map(({ queue }) => queue);
}
