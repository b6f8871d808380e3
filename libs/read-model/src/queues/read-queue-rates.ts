import type { Query } from '@orderly/database';

/** How many jobs of a queue were created and ended. */
export interface QueueRates {
  readonly lastMinute: RateCounts;
  /** The average per minute of the last five minutes; null if there was too much to count within a second. */
  readonly lastFiveMinutes: RateCounts | null;
}

interface RateCounts {
  readonly created: number;
  readonly ended: number;
}

/** After a burst of millions of jobs the count may take long. The caller wants to see the queues and can do without this rate. */
const fiveMinutesTimeoutMs = 1000;

/**
 * Reads the rates of queues and returns a lookup by name.
 *
 * @param query - of a transaction in which nothing follows: cancelling a long count aborts the transaction
 */
export async function readQueueRates(query: Query, queues: readonly string[]): Promise<(queue: string) => QueueRates> {
  const one = await countsOf(query, queues, 1);
  await query(`set local statement_timeout = ${fiveMinutesTimeoutMs}`);
  const five = await countsOf(query, queues, 5).catch((error: unknown) => {
    if ((error as { code?: unknown }).code === queryCanceled) return null;
    throw error;
  });
  return (queue) => ({ lastMinute: one.get(queue) ?? none, lastFiveMinutes: five && perMinute(five.get(queue) ?? none, 5) });
}

const queryCanceled = '57014';
const none: RateCounts = { created: 0, ended: 0 };

const perMinute = ({ created, ended }: RateCounts, minutes: number): RateCounts => ({
  created: created / minutes,
  ended: ended / minutes,
});

async function countsOf(query: Query, queues: readonly string[], minutes: number): Promise<Map<string, RateCounts>> {
  const rows = await query<RateCounts & { queue: string }>(ratesSql, [queues, minutes]);
  return new Map(rows.map(({ queue, created, ended }) => [queue, { created, ended }]));
}

/**
 * $1 queues, $2 minutes. Jobs created lately are a range of ids in an index. Jobs ended lately are found by a BRIN index, which
 * reads the pages that were written lately.
 */
const ratesSql = `
  with created as (
    select k.queue, sum(j.count)::bigint as count
    from unnest($1::text[]) as k(queue)
    cross join unnest(array['runnable', 'running', 'blocked', 'parked', 'ended']) as s(state)
    cross join lateral (
      select count(*) from jobs
      where queue = k.queue and state = s.state and id >= uuid_floor(now() - make_interval(mins => $2))
    ) j
    group by k.queue
  ),
  ended as (
    select queue, count(*) from jobs where ended_at > now() - make_interval(mins => $2) group by queue
  )
  select queue, created.count as created, coalesce(ended.count, 0) as ended from created left join ended using (queue)`;
