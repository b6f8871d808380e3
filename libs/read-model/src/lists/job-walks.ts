import { sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { JobOutcome } from '@orderly/jobs';
import { jobs } from '../schema';
import type { ShownJobState } from '../records/job-record';
import type { Walk } from './page';
import { walkDown, walkEach, walkOrders } from './walk';

/** Walks through the jobs of a range of ids, the newest first. Each method uses an index of its own. */
export interface JobWalks {
  byTime(): Walk;
  byOrders(orderIds: readonly string[]): Walk;
  byFingerprint(fingerprint: string): Walk;
  /** The outcome `done` is not in the index: see `byQueues`. */
  byOutcome(outcome: Exclude<JobOutcome, 'done'>): Walk;
  byBatch(batch: string): Walk;
  /**
   * Jobs of these queues in these states. The state `runnable` is the ledger's here, so its walk also returns `retrying` jobs;
   * `retrying` has an index of its own and must be the only state.
   */
  byQueues(queues: readonly string[], states: readonly ShownJobState[]): Walk;
}

/** @param range - `from` is the lowest id that is included, `before` the id that ends the range, exclusive */
export function walkJobs({ from, before }: { readonly from: string; readonly before: string }): JobWalks {
  const ids = { key: [jobs.id], from: [from], before: [before] };
  // The planner uses a partial index only if the query contains the index's condition itself.
  const below = (column: AnyPgColumn, value: string): Walk =>
    walkDown(jobs, { equal: [[column, value]], ...ids }, sql`${column} is not null`);
  return {
    byTime: () => walkDown(jobs, { equal: [], ...ids }),
    byOrders: (orderIds) => walkOrders(jobs, jobs.orderId, orderIds, ids),
    byFingerprint: (fingerprint) => below(jobs.fingerprint, fingerprint),
    byOutcome: (outcome) => walkDown(jobs, { equal: [[jobs.outcome, outcome]], ...ids }, sql`${jobs.outcome} <> 'done'`),
    byBatch: (batch) => below(jobs.batch, batch),
    byQueues: (queues, states) => {
      if (states[0] === 'retrying') {
        const isRetrying = sql`${jobs.state} = 'runnable' and ${jobs.waitReason} is not null`;
        return walkEach(jobs, jobs.id, { queue: queues }, (each) =>
          walkDown(jobs, { equal: [[jobs.queue, each('queue')]], ...ids }, isRetrying),
        );
      }
      const pairs = queues.flatMap((queue) => states.map((state) => ({ queue, state })));
      const values = { queue: pairs.map(({ queue }) => queue), state: pairs.map(({ state }) => state) };
      return walkEach(jobs, jobs.id, values, (each) =>
        walkDown(jobs, {
          equal: [
            [jobs.queue, each('queue')],
            [jobs.state, each('state')],
          ],
          ...ids,
        }),
      );
    },
  };
}
