import type { Query } from '@orderly/database';

/** How many jobs of a queue were created and ended. */
export interface QueueRates {
  readonly lastMinute: RateCounts;
  /** Per minute, over the last five; null where these hold more than can be counted in time. */
  readonly lastFiveMinutes: RateCounts | null;
}

interface RateCounts {
  readonly created: number;
  readonly ended: number;
}

/** Millions to count must not hold up whoever asks how the queues are, in ms. */
const fiveMinutesTimeoutMs = 1000;

/**
 * The rates of queues, by name.
 *
 * @param query - of a transaction, whose last statement this is: it is broken off where there is too much to count
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
 * $1 queues, $2 minutes. An id tells when its job was created, but not when it ended: what ended lately is found by the pages that
 * were written lately.
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
