import type { Query } from '@orderly/database';
import type { ExpiredWeek } from './expired-weeks';

/** Whether the week has a job that has not ended, or that blocks its lane. */
export const isWanted = async (query: Query, { from, to, partitions: { jobs } }: ExpiredWeek): Promise<boolean> =>
  (jobs !== undefined && (await hasOpenJobs(query, jobs, to))) || (await hasBlockingJobs(query, from, to));

/**
 * Whether a partition of jobs holds a job that has not ended, older than `before`. Reads a few pages of indexes, however many
 * jobs have ended: the sort order of each probe is that of its index, so no other plan is cheaper, even with statistics from a
 * time when every job was open.
 *
 * @param jobs - name of the partition
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
  return row?.open ?? true;
}

/** Whether a job of the week blocks a lane: a person still has to read it. */
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
