import { applyOrderEvent, queueNames, type OrderEventType, type OrderStatus } from '@orderly/contracts';
import { waitsFor } from '@orderly/orders';
import type { JobOutcome, JobState } from '@orderly/jobs';
import { and, eq, isNull, ne, sql, type SQL } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Database } from '@orderly/database';
import { events, jobs, orders } from '../schema';
import { ordersOf } from './customer-orders';
import { outcomeOf, type ApplyingJob, type EventOutcome, type EventRecord } from '../records/find-event';
import { walkJobs } from './job-walks';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { chooseWalk, walkDown, walkOrders } from './walk';

/** Filters for events. An event is listed if all given filters match. The time range applies to the time in the event's id. */
export interface EventFilter extends TimeRange {
  readonly orderId?: string;
  /** Covers the customer's newest orders only: see `maxCustomerOrders`. */
  readonly customerId?: string;
  readonly type?: OrderEventType;
  readonly source?: string;
  readonly status?: EventOutcome['status'];
  readonly batch?: string;
}

/** An event with its outcome, without its data. */
export type EventSummary = Omit<EventRecord, 'data'>;

/** Events, the newest first. */
export async function listEvents(db: Database, filter: EventFilter, page: PageRequest): Promise<Page<EventSummary>> {
  const { orderId, type, source, status, batch } = filter;
  const { walk, isOfJobs } = await walkOf(db, filter, idsOf(filter, page.after));
  const { rows, next } = await readPage<EventRow, string>(
    db,
    {
      walk,
      as: isOfJobs ? jobs : events,
      // An event and its job have the same id. `limit 1` keeps the planner from reading a whole table for the join.
      joins: isOfJobs
        ? sql`join lateral (select ${events}.* from ${events} where ${events.eventId} = ${jobs.id} limit 1) as ${events} on true`
        : sql`left join lateral (select ${jobs}.* from ${jobs} where ${jobs.id} = ${events.eventId} limit 1) as ${jobs} on true`,
      columns,
      filters: [
        orderId === undefined ? undefined : eq(events.orderId, orderId),
        type === undefined ? undefined : eq(events.type, type),
        source === undefined ? undefined : eq(events.source, source),
        status === undefined ? undefined : hasStatus(status),
        batch === undefined ? undefined : eq(events.batch, batch),
        isOfJobs ? eq(jobs.name, applyOrderEvent.name) : undefined,
      ],
      key: sql`to_json(${isOfJobs ? jobs.id : events.eventId})`,
    },
    page,
  );
  return { rows: rows.map(summaryOf), next };
}

const eventColumns = [
  'eventId',
  'id',
  'source',
  'type',
  'orderId',
  'occurredAt',
  'acceptedAt',
  'notify',
  'batch',
] as const satisfies (keyof EventSummary)[];
const jobColumns = [
  'state',
  'outcome',
  'runAt',
  'resultVersion',
  'errorCode',
  'errorMessage',
  'detail',
  'endedAt',
] as const satisfies (keyof ApplyingJob)[];

// `waitsFor` of a parked event depends on the order's present status and on the status that the event asks for. Both are read
// for parked events only, which are few: `data` may be large.
const columns = sql`
  ${columnsOf(events, ...eventColumns)}, ${columnsOf(jobs, ...jobColumns)},
  case when ${jobs.state} = 'parked' then ${events.data} -> 'status' end as "wantedStatus",
  case when ${jobs.state} = 'parked' then
    (select ${orders.status} from ${orders} where ${orders.orderId} = ${events.orderId})
  end as "orderStatus"`;

type EventRow = Omit<EventSummary, 'outcome'> &
  (ApplyingJob | Record<keyof ApplyingJob, null>) & { readonly wantedStatus: unknown; readonly orderStatus: OrderStatus | null };

function summaryOf({
  eventId,
  id,
  source,
  type,
  orderId,
  occurredAt,
  acceptedAt,
  notify,
  batch,
  ...row
}: EventRow): EventSummary {
  const event = { eventId, id, source, type, orderId, occurredAt, acceptedAt, notify, batch };
  const outcome = outcomeOf(row.state === null ? null : row);
  if (row.state !== 'parked') return { ...event, outcome };
  return { ...event, outcome: { ...outcome, waitsFor: waitsFor(row.orderStatus, { type, data: { status: row.wantedStatus } }) } };
}

/** A walk through events, or through the jobs that apply them. */
type Way = { readonly walk: ChosenWalk; readonly isOfJobs: boolean };

/**
 * Chooses the walk by the most selective filter. The order is: order and customer, a status other than `applied`, batch, source,
 * type, the status `applied`, time. Events have no status of their own, so a walk by status goes through their jobs.
 */
async function walkOf(db: Database, filter: EventFilter, ids: ReturnType<typeof idsOf>): Promise<Way> {
  const { type, source, status, batch } = filter;
  const { from, before } = ids;
  const range = { key: [events.eventId], from: [from], before: [before] };
  const walkBy = (walk: Walk, ...by: readonly (keyof EventFilter)[]): Way => ({
    walk: chooseWalk(walk, filter, [...by, 'from', 'to']),
    isOfJobs: by.includes('status'),
  });
  const below = (column: AnyPgColumn, value: string): Walk =>
    walkDown(events, { equal: [[column, value]], ...range }, sql`${column} is not null`);
  const byState = (...states: readonly JobState[]): Walk => walkJobs(ids).byQueues([queueNames.orderStatus], states);

  const orderIds = await ordersOf(db, filter);
  if (orderIds !== undefined) {
    return walkBy(walkOrders(events, events.orderId, orderIds, range), 'orderId', 'customerId');
  }
  if (status === 'pending') return walkBy(byState('runnable', 'running', 'blocked'), 'status');
  if (status === 'parked') return walkBy(byState('parked'), 'status');
  if (status !== undefined && status !== 'applied') {
    const ofOutcome = walkBy(walkJobs(ids).byOutcome(jobOutcomeOf[status]), 'status');
    return status === 'duplicate' ? ofOutcome : withOthers(ofOutcome);
  }
  if (batch !== undefined) return walkBy(below(events.batch, batch), 'batch');
  if (source !== undefined) return walkBy(below(events.source, source), 'source');
  if (type !== undefined) return walkBy(below(events.type, type), 'type');
  if (status !== undefined) return withOthers(walkBy(byState('ended'), 'status'));
  return walkBy(walkDown(events, { equal: [], ...range }));
}

/** For a walk that also returns rows that do not match: jobs of other types, or jobs in that state with another outcome. */
const withOthers = ({ walk, isOfJobs }: Way): Way => ({ walk: { ...walk, share: 'some' }, isOfJobs });

const jobOutcomeOf = {
  applied: 'done',
  duplicate: 'duplicate',
  superseded: 'superseded',
  rejected: 'dead',
  skipped: 'skipped',
  unknown: 'unknown',
  discarded: 'discarded',
} as const satisfies Partial<Record<EventOutcome['status'], JobOutcome>>;

function hasStatus(status: EventOutcome['status']): SQL {
  if (status === 'parked') return eq(jobs.state, 'parked');
  if (status === 'pending') return and(isNull(jobs.outcome), ne(jobs.state, 'parked')) as SQL;
  return eq(jobs.outcome, jobOutcomeOf[status]);
}
