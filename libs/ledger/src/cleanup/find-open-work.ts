import type { Query } from '@orderly/database';
import type { ExpiredWeek } from './expired-weeks';

/** Whether the week has an open job, or a job that blocks its lane. Such a week is kept as a whole. */
export const mustBeKept = async (query: Query, { from, to, partitions: { jobs } }: ExpiredWeek): Promise<boolean> =>
  (jobs !== undefined && (await hasOpenJobs(query, jobs, to))) || (await hasBlockingJobs(query, from, to));

/**
 * Whether a partition has an open job with an id below `before`. It reads a few pages of indexes, however many jobs have ended.
 * Each probe sorts as its index does. So no other plan is cheaper, even with statistics from a time when every job was open.
 *
 * @param jobs - the name of the partition, which becomes part of the statement
 */
export async function hasOpenJobs(query: Query, jobs: string, before: string): Promise<boolean> {
  const [row] = await query<{ open: boolean }>(
    `select exists (
        select from (
          select from ${jobs} where state in ('runnable', 'parked') and id < $1 order by queue, run_at, id limit 1
        ) waiting
      ) or exists (
        select from (select from ${jobs} where state = 'running' and id < $1 order by claimed_by limit 1) running
      ) or exists (
        with recursive queues as (
          (select queue from ${jobs} order by queue limit 1)
          union all
          select (select j.queue from ${jobs} j where j.queue > q.queue order by j.queue limit 1)
          from queues q where q.queue is not null
        )
        select from queues q cross join lateral (
          select from ${jobs} j where j.queue = q.queue and j.state = 'blocked' and j.id < $1 order by j.id limit 1
        ) blocked
        where q.queue is not null
      ) as open`,
    [before],
  );
  // Without an answer the jobs are kept.
  return row?.open ?? true;
}

/** Whether a job of the week blocks a lane. A person must still decide about it, and needs its data. */
async function hasBlockingJobs(query: Query, from: string, to: string): Promise<boolean> {
  const [row] = await query<{ blocking: boolean }>(
    `select exists (
       select from (
         select from lanes where blocked_by is not null and blocked_by >= $1 and blocked_by < $2 order by blocked_by limit 1
       ) blocked
     ) as blocking`,
    [from, to],
  );
  return row?.blocking ?? true;
}
