import { applyOrderEvent, destinationOfQueue, queueNames, sendNotification, syncOrder, syncQueueName } from '@orderly/contracts';
import type { AnyJobDefinition } from '@orderly/contracts';
import { jobStates, type JobOutcome } from '@orderly/jobs';
import { and, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { jobs } from '../schema';
import { ordersOf } from './customer-orders';
import { jobRecord, type JobRecord, type ShownJobState } from '../records/job-record';
import { walkJobs, type JobWalks } from './job-walks';
import { knownQueues } from '../queues/known-queues';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { chooseWalk } from './walk';

/** Filters for jobs. A job is listed if all given filters match. The time range applies to the time in the job's id. */
export interface JobFilter extends TimeRange {
  readonly orderId?: string;
  /** Covers the customer's newest orders only: see `maxCustomerOrders`. */
  readonly customerId?: string;
  readonly name?: AnyJobDefinition['name'];
  readonly destination?: string;
  readonly state?: ShownJobState;
  readonly outcome?: JobOutcome;
  readonly fingerprint?: string;
  readonly errorCode?: string;
  readonly batch?: string;
  /** When the job ended. Inclusive. */
  readonly since?: Date;
  /** Exclusive. */
  readonly until?: Date;
}

/** Jobs, the newest first. */
export async function listJobs(db: Database, filter: JobFilter, page: PageRequest): Promise<Page<JobRecord>> {
  const { orderId, name, destination, state, outcome, fingerprint, errorCode, batch, since, until } = filter;
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
        since === undefined ? undefined : gte(jobs.endedAt, since),
        until === undefined ? undefined : lt(jobs.endedAt, until),
      ],
      key: sql`to_json(${jobs.id})`,
    },
    page,
  );
  return { rows: rows.map(jobRecord), next };
}

/**
 * Whether two filters exclude each other: only ended jobs have an outcome, and only `sync-order` has a destination. A walk would
 * read its maximum of rows on every page and find nothing.
 */
const contradictsItself = ({ name, destination, state, outcome }: JobFilter): boolean =>
  (outcome !== undefined && state !== undefined && state !== 'ended') ||
  (destination !== undefined && name !== undefined && name !== syncOrder.name);

/**
 * Chooses the walk by the most selective filter. The order is: order and customer, fingerprint, a rare outcome, a state other
 * than `ended`, batch, type and destination, outcome, state, time.
 */
async function walkOf(db: Database, filter: JobFilter, walk: JobWalks): Promise<ChosenWalk> {
  const { name, destination, state, outcome, fingerprint, batch } = filter;
  const walkBy = (way: Walk, ...by: readonly (keyof JobFilter)[]): ChosenWalk => chooseWalk(way, filter, [...by, 'from', 'to']);

  const orderIds = await ordersOf(db, filter);
  if (orderIds !== undefined) return walkBy(walk.byOrders(orderIds), 'orderId', 'customerId');
  if (fingerprint !== undefined) return walkBy(walk.byFingerprint(fingerprint), 'fingerprint', 'state', 'outcome');
  if (outcome !== undefined && outcome !== 'done' && rareOutcomes.has(outcome))
    return walkBy(walk.byOutcome(outcome), 'outcome', 'state');
  if (state !== undefined && state !== 'ended') {
    const queues = walkBy(walk.byQueues(await queuesOf(db, filter), [state]), 'state', 'name', 'destination');
    // The walk through `runnable` jobs also returns `retrying` ones, which are usually few.
    return state === 'runnable' && queues.share === 'all' ? { ...queues, share: 'most' } : queues;
  }
  if (batch !== undefined) return walkBy(walk.byBatch(batch), 'batch');
  const hasEnded = state !== undefined || outcome !== undefined;
  if (name !== undefined || destination !== undefined) {
    const states = hasEnded ? (['ended'] as const) : jobStates;
    return walkBy(walk.byQueues(await queuesOf(db, filter), states), 'state', 'name', 'destination');
  }
  if (outcome === 'done') {
    const ended = walkBy(walk.byQueues(await queuesOf(db, filter), ['ended']), 'state', 'outcome');
    // Most ended jobs are done.
    return ended.share === 'all' ? { ...ended, share: 'most' } : ended;
  }
  if (outcome !== undefined) return walkBy(walk.byOutcome(outcome), 'outcome', 'state');
  if (state !== undefined) return walkBy(walk.byQueues(await queuesOf(db, filter), [state]), 'state');
  return walkBy(walk.byTime());
}

/** Outcomes that few jobs have, so that their index leads to a result faster than that of a state or batch. */
const rareOutcomes: ReadonlySet<JobOutcome> = new Set(['dead', 'unknown', 'discarded', 'skipped']);

/** The condition for a shown state in terms of the ledger's states. */
function inState(state: ShownJobState): SQL | undefined {
  if (state === 'retrying') return and(eq(jobs.state, 'runnable'), sql`${jobs.waitReason} is not null`);
  if (state === 'runnable') return and(eq(jobs.state, 'runnable'), sql`${jobs.waitReason} is null`);
  return eq(jobs.state, state);
}

const queueOfName: Readonly<Partial<Record<string, string>>> = {
  [applyOrderEvent.name]: queueNames.orderStatus,
  [sendNotification.name]: queueNames.notifications,
};

/** The queues that may hold jobs of this type for this destination. The index begins with the queue, so each is walked. */
async function queuesOf(db: Database, { name, destination }: JobFilter): Promise<readonly string[]> {
  if (destination !== undefined) return [syncQueueName(destination)];
  if (name === syncOrder.name) return (await knownQueues(db)).filter((queue) => destinationOfQueue(queue) !== undefined);
  if (name !== undefined) return [queueOfName[name] ?? queueNames.maintenance];
  return knownQueues(db);
}
