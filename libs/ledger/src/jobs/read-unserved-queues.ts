import type { Database } from '@orderly/database';
import { liveness } from '@orderly/jobs';

/** A queue whose jobs no process runs. */
export interface UnservedQueue {
  readonly queue: string;
  /** Its open jobs, counted up to {@link maxCounted}. */
  readonly openJobs: number;
}

const maxCounted = 10_000;

/**
 * Queues with open jobs that no living process works on. The query jumps from queue to queue in an index, and counts jobs only
 * for queues without a process.
 */
export async function readUnservedQueues(db: Pick<Database, 'query'>): Promise<UnservedQueue[]> {
  const rows = await db.query<{ queue: string; open_jobs: number }>(unservedSql, [liveness.staleMs, maxCounted]);
  return rows.map(({ queue, open_jobs: openJobs }) => ({ queue, openJobs }));
}

/** $1 after how many ms a heartbeat is stale, $2 how many jobs are counted at most. */
const unservedSql = `
  with recursive known as (
    (select queue from jobs order by queue limit 1)
    union all
    select (select jobs.queue from jobs where jobs.queue > known.queue order by jobs.queue limit 1)
    from known where known.queue is not null
  ),
  unserved as (
    select queue from known
    where queue is not null and not exists (
      select from processes p where known.queue = any(p.queues) and p.beat_at > now() - make_interval(secs => $1 / 1000.0)
    )
  )
  select u.queue, sum(j.count)::int as open_jobs
  from unserved u
  cross join unnest(array['runnable', 'running', 'blocked', 'parked']) as s(state)
  cross join lateral (
    select count(*) from (select from jobs where queue = u.queue and state = s.state limit $2) counted
  ) j
  group by u.queue
  having sum(j.count) > 0
  order by u.queue`;
