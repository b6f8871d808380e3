import { applyOrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import type { ShownJobState } from './job-record';

/** The progress of one batch, or of everything in the ledger. */
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

/**
 * Counts in one statement, so that all numbers come from the same snapshot.
 *
 * @param batch - the label of a batch. Without one the count reads every job and message in the ledger, which may exceed
 * the query timeout
 */
export async function readStatistics(db: Database, batch?: string): Promise<Statistics> {
  const [row] = await db.query<{ jobs: JobCount[] | null; orders: Counts; messages: Counts }>(
    batch === undefined ? statementFor('') : statementFor('where batch = $1'),
    batch === undefined ? [] : [batch],
  );
  const jobs = row?.jobs ?? [];
  const accepted = jobs.reduce((sum, { name, count }) => (name === applyOrderEvent.name ? sum + count : sum), 0);
  return { events: { accepted }, orders: row?.orders ?? {}, jobs, messages: row?.messages ?? {} };
}

type Counts = Readonly<Record<string, number>> | null;

// Each accepted event has exactly one job. Events are counted by their jobs, so that events need not be read as well.
const statementFor = (condition: string): string => `
  with batch_jobs as materialized (
    select name, order_id, destination, outcome,
      case when state = 'runnable' and wait_reason is not null then 'retrying' else state end as state
    from jobs ${condition}
  ), job_counts as (
    select name, destination, state, outcome, count(*) as count
    from batch_jobs group by name, destination, state, outcome order by name, destination, state, outcome
  ), order_counts as (
    select coalesce(orders.status, 'unknown') as status, count(*) as count
    from (select distinct order_id from batch_jobs where name = '${applyOrderEvent.name}') as touched
    left join orders using (order_id) group by 1
  ), message_counts as (
    select state, count(*) as count from messages ${condition} group by state
  )
  select
    (select json_agg(job_counts) from job_counts) as jobs,
    (select json_object_agg(status, count) from order_counts) as orders,
    (select json_object_agg(state, count) from message_counts) as messages`;
