import { and, gte, lt, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import { jobs } from '../schema';
import type { ShownJobState } from './job-record';
import type { Walk } from './page';
import { sortFound, walkDown, walkEach } from './walk';

type Rows = Walk['rows'];

/** The ways to walk through jobs of these ids, the newest first. */
export interface JobWalks {
  byTime(): Rows;
  byOrders(orderIds: readonly string[]): Rows;
  byFingerprint(fingerprint: string): Rows;
  byOutcome(outcome: string): Rows;
  byBatch(batch: string): Rows;
  /** Every queue in every one of the states; of `runnable` jobs those that are `retrying` too. */
  byQueues(queues: readonly string[], states: readonly ShownJobState[]): Rows;
}

export function walkJobs({ from, before }: { readonly from: string; readonly before: string }): JobWalks {
  // Also where it follows from the rest: partitions are left out by it.
  const inTime = and(gte(jobs.id, from), lt(jobs.id, before)) as SQL;
  const below = (column: AnyPgColumn, value: string): Rows =>
    walkDown(
      jobs,
      { columns: [column, jobs.id], from: [value, from], before: [value, before] },
      and(sql`${column} is not null`, inTime),
    );
  return {
    byTime: () => walkDown(jobs, { columns: [jobs.id], from: [from], before: [before] }),
    byOrders: (orderIds) => sortFound(jobs, jobs.id, and(sql`${jobs.orderId} = any(${sql.param(orderIds)}::text[])`, inTime)!),
    byFingerprint: (fingerprint) => below(jobs.fingerprint, fingerprint),
    byOutcome: (outcome) => below(jobs.outcome, outcome),
    byBatch: (batch) => below(jobs.batch, batch),
    byQueues: (queues, states) => {
      if (states[0] === 'retrying') {
        return walkEach(jobs, jobs.id, [{ name: 'queue', values: queues }], (each) =>
          walkDown(
            jobs,
            { columns: [jobs.queue, jobs.id], from: [each('queue'), from], before: [each('queue'), before] },
            and(sql`${jobs.state} = 'runnable' and ${jobs.waitReason} is not null`, inTime),
          ),
        );
      }
      const pairs = queues.flatMap((queue) => states.map((state) => ({ queue, state })));
      const values = [
        { name: 'queue', values: pairs.map(({ queue }) => queue) },
        { name: 'state', values: pairs.map(({ state }) => state) },
      ];
      return walkEach(jobs, jobs.id, values, (each) =>
        walkDown(
          jobs,
          {
            columns: [jobs.queue, jobs.state, jobs.id],
            from: [each('queue'), each('state'), from],
            before: [each('queue'), each('state'), before],
          },
          inTime,
        ),
      );
    },
  };
}
