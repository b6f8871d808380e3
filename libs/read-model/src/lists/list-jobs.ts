import { applyOrderEvent, destinationOfQueue, queueNames, sendNotification, syncOrder, syncQueueName } from '@orderly/contracts';
import type { AnyJobDefinition } from '@orderly/contracts';
import { jobStates, type JobOutcome } from '@orderly/jobs';
import { and, eq, sql, type SQL } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { jobs } from '../schema';
import { ordersOf } from './customer-orders';
import { jobRecord, type JobRecord, type ShownJobState } from '../records/job-record';
import { walkJobs, type JobWalks } from './job-walks';
import { knownQueues } from '../queues/known-queues';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { chooseWalk } from './walk';

/** Which jobs are listed: those for which all of it holds. The time is that of their ids. */
export interface JobFilter extends TimeRange {
  readonly orderId?: string;
  /** Of the newest orders of this customer. */
  readonly customerId?: string;
  readonly name?: AnyJobDefinition['name'];
  readonly destination?: string;
  readonly state?: ShownJobState;
  readonly outcome?: JobOutcome;
  readonly fingerprint?: string;
  readonly errorCode?: string;
  readonly batch?: string;
}

/** Jobs, the newest first. */
export async function listJobs(db: Database, filter: JobFilter, page: PageRequest): Promise<Page<JobRecord>> {
  const { orderId, name, destination, state, outcome, fingerprint, errorCode, batch } = filter;
  if (contradictsItself(filter)) return { rows: [], next: undefined };
  const ids = idsOf(filter, page.after);
  const { rows, next } = await readPage<typeof jobs.$inferSelect, string>(
    db,
    {
      walk: await walkOf(db, filter, walkJobs(ids)),
      as: jobs,
      columns: columnsOf(jobs),
      filters: [
        orderId === undefined ? undefined : eq(jobs.orderId, orderId),
        name === undefined ? undefined : eq(jobs.name, name),
        destination === undefined ? undefined : eq(jobs.destination, destination),
        state === undefined ? undefined : inState(state),
        outcome === undefined ? undefined : eq(jobs.outcome, outcome),
        fingerprint === undefined ? undefined : eq(jobs.fingerprint, fingerprint),
        errorCode === undefined ? undefined : eq(jobs.errorCode, errorCode),
        batch === undefined ? undefined : eq(jobs.batch, batch),
      ],
      key: sql`to_json(${jobs.id})`,
    },
    page,
  );
  return { rows: rows.map(jobRecord), next };
}

/** No job is both; found out here, as a walk by one of the two would look for the other in vain. */
const contradictsItself = ({ name, destination, state, outcome }: JobFilter): boolean =>
  (outcome !== undefined && state !== undefined && state !== 'ended') ||
  (destination !== undefined && name !== undefined && name !== syncOrder.name);

/**
 * The walk by the filter that leaves least, in this order: order and customer, fingerprint, a rare outcome, a state other than
 * ended, batch, type and destination, outcome, state, time.
 */
async function walkOf(db: Database, filter: JobFilter, walk: JobWalks): Promise<ChosenWalk> {
  const { name, destination, state, outcome, fingerprint, batch } = filter;
  const walkBy = (way: Walk, ...by: readonly (keyof JobFilter)[]): ChosenWalk => chooseWalk(way, filter, [...by, 'from', 'to']);

  const orderIds = await ordersOf(db, filter);
  if (orderIds !== undefined) return walkBy(walk.byOrders(orderIds), 'orderId', 'customerId');
  if (fingerprint !== undefined) return walkBy(walk.byFingerprint(fingerprint), 'fingerprint', 'state', 'outcome');
  if (outcome !== undefined && rareOutcomes.has(outcome)) return walkBy(walk.byOutcome(outcome), 'outcome', 'state');
  if (state !== undefined && state !== 'ended') {
    const queues = walkBy(walk.byQueues(await queuesOf(db, filter), [state]), 'state', 'name', 'destination');
    return state === 'runnable' && queues.share === 'all' ? { ...queues, share: 'most' } : queues;
  }
  if (batch !== undefined) return walkBy(walk.byBatch(batch), 'batch');
  const hasEnded = state !== undefined || outcome !== undefined;
  if (name !== undefined || destination !== undefined) {
    const states = hasEnded ? (['ended'] as const) : jobStates;
    return walkBy(walk.byQueues(await queuesOf(db, filter), states), 'state', 'name', 'destination');
  }
  if (outcome !== undefined) return walkBy(walk.byOutcome(outcome), 'outcome', 'state');
  if (state !== undefined) return walkBy(walk.byQueues(await queuesOf(db, filter), [state]), 'state');
  return walkBy(walk.byTime());
}

const rareOutcomes: ReadonlySet<JobOutcome> = new Set(['dead', 'unknown', 'discarded', 'skipped']);

/** A job's state as it is shown, in terms of the ledger's. */
function inState(state: ShownJobState): SQL | undefined {
  if (state === 'retrying') return and(eq(jobs.state, 'runnable'), sql`${jobs.waitReason} is not null`);
  if (state === 'runnable') return and(eq(jobs.state, 'runnable'), sql`${jobs.waitReason} is null`);
  return eq(jobs.state, state);
}

const queueOfName: Readonly<Partial<Record<string, string>>> = {
  [applyOrderEvent.name]: queueNames.orderStatus,
  [sendNotification.name]: queueNames.notifications,
};

/** The queues that may have jobs of that type for that destination. */
async function queuesOf(db: Database, { name, destination }: JobFilter): Promise<readonly string[]> {
  if (destination !== undefined) return [syncQueueName(destination)];
  if (name === syncOrder.name) return (await knownQueues(db)).filter((queue) => destinationOfQueue(queue) !== undefined);
  if (name !== undefined) return [queueOfName[name] ?? queueNames.maintenance];
  return knownQueues(db);
}
