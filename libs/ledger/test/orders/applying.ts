import type { RunnableJob } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createOrderApplier } from '../../src/index';
import { followUpsTo, planWith, startProcess, type TestPolicy } from '../../src/testing';
import { wait } from '../jobs/sync-jobs';

/** The applier of a new process, and the jobs that it gave to its relay. */
export async function startApplier(db: Database, overrides: Partial<TestPolicy> = {}) {
  const relayed: RunnableJob[] = [];
  const apply = createOrderApplier(
    { db, processId: await startProcess(db), relay: (jobs) => void relayed.push(...jobs), wait },
    planWith({ followUps: followUpsTo('erp', 'wms'), ...overrides }),
  );
  return { apply, relayed };
}

export type JobState = {
  id: string;
  state: string;
  outcome: string | null;
  wait_reason: string | null;
  attempts_used: number;
  error_code: string | null;
  result_version: number | null;
  detail: unknown;
};

/** The jobs of an order's events, in the order of their acceptance. */
export const eventJobs = (db: Database, orderId: string): Promise<JobState[]> =>
  db.query<JobState>(
    `select j.id, j.state, j.outcome, j.wait_reason, j.attempts_used, j.error_code, j.result_version, j.detail
     from jobs j join events e on e.event_id = j.id where j.order_id = $1 order by e.acceptance`,
    [orderId],
  );

/** The outcome or state of each event of an order, in the order of acceptance. */
export const outcomesOf = async (db: Database, orderId: string): Promise<string[]> =>
  (await eventJobs(db, orderId)).map(({ state, outcome }) => outcome ?? state);

export const orderRow = async (db: Database, orderId: string) =>
  (await db.query('select status, version, data from orders where order_id = $1', [orderId]))[0];
