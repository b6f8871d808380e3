import { applyOrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { idsOf, type TimeRange } from '../lists/time-range';
import type { ShownJobState } from './job-record';

/** The progress of one batch, or of a span of time. */
export interface Statistics {
  readonly events: { readonly accepted: number };
  /** Orders by status. `unknown` counts orders whose `order.created` has not been applied. */
  readonly orders: Readonly<Record<string, number>>;
  readonly jobs: readonly JobCount[];
  /** Messages by state. */
  readonly messages: Readonly<Record<string, number>>;
}

export interface JobCount {
  readonly name: string;
  readonly destination: string | null;
  readonly state: ShownJobState;
  /** Null for open jobs. */
  readonly outcome: string | null;
  readonly count: number;
}

/** Which jobs and messages are counted: those with a label, or those that were made in a span of time. */
export type StatisticsScope = { readonly batch: string } | Required<TimeRange>;

/**
 * Counts in one statement, so that all numbers come from the same snapshot. It reads all rows of the scope, by an index.
 *
 * @param scope - `to` is exclusive
 * @param maxJobs - the statement stops behind this many jobs of a span, which bounds its time. A batch is not bounded.
 * @returns undefined if the span holds more jobs
 */
export async function readStatistics(
  db: Database,
  scope: StatisticsScope,
  maxJobs = maxCountedJobs,
): Promise<Statistics | undefined> {
  const [row] = await db.query<{ jobs: JobCount[] | null; orders: Counts; messages: Counts }>(...statementFor(scope, maxJobs));
  const jobs = row?.jobs ?? [];
  if (!('batch' in scope) && jobs.reduce((sum, { count }) => sum + count, 0) > maxJobs) return undefined;
  const accepted = jobs.reduce((sum, { name, count }) => (name === applyOrderEvent.name ? sum + count : sum), 0);
  return { events: { accepted }, orders: row?.orders ?? {}, jobs, messages: row?.messages ?? {} };
}

/** Counting this many jobs takes about a second on one core, and a reader waits three seconds at most. */
export const maxCountedJobs = 300_000;

function statementFor(scope: StatisticsScope, maxJobs: number): [text: string, values: unknown[]] {
  if ('batch' in scope) return [countWhere('batch = $1'), [scope.batch]];
  const { from, before } = idsOf(scope);
  return [countWhere('id >= $1 and id < $2', 'limit $3 + 1'), [from, before, maxJobs]];
}

type Counts = Readonly<Record<string, number>> | null;

// Each accepted event has exactly one job. Events are counted by their jobs, so that events need not be read as well.
const countWhere = (condition: string, limit = ''): string => `
  with batch_jobs as materialized (
    select name, order_id, destination, outcome,
      case when state = 'runnable' and wait_reason is not null then 'retrying' else state end as state
    from jobs where ${condition} ${limit}
  ), job_counts as (
    select name, destination, state, outcome, count(*) as count
    from batch_jobs group by name, destination, state, outcome order by name, destination, state, outcome
  ), order_counts as (
    select coalesce(orders.status, 'unknown') as status, count(*) as count
    from (select distinct order_id from batch_jobs where name = '${applyOrderEvent.name}') as touched
    left join orders using (order_id) group by 1
  ), message_counts as (
    select state, count(*) as count from (select state from messages where ${condition} ${limit}) as m group by state
  )
  select
    (select json_agg(job_counts) from job_counts) as jobs,
    (select json_object_agg(status, count) from order_counts) as orders,
    (select json_object_agg(state, count) from message_counts) as messages`;
