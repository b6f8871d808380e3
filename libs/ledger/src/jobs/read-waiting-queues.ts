import type { Database } from '@orderly/database';

/** The queues that have runnable or parked jobs. Reads one index entry per queue and partition. */
export async function readWaitingQueues(db: Pick<Database, 'query'>): Promise<string[]> {
  const rows = await db.query<{ queue: string }>(
    `with recursive waiting as (
       (select queue from jobs where state in ('runnable', 'parked') order by queue limit 1)
       union all
       select (
         select j.queue from jobs j
         where j.state in ('runnable', 'parked') and j.queue > w.queue
         order by j.queue
         limit 1
       )
       from waiting w
       where w.queue is not null
     )
     select queue from waiting where queue is not null`,
  );
  return rows.map(({ queue }) => queue);
}
