import type { Database } from '@orderly/database';

/** The queues that have jobs in the ledger, open or ended, by name. Jumps from one to the next in an index: it reads no job. */
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
