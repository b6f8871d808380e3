import type { OrderStatus } from '@orderly/contracts';
import { eq, gte, isNotNull, lt, sql, type SQL } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { events, lanes, orders } from '../schema';
import { customerIdOfOrder, walkCustomer } from './customer-orders';
import type { LaneRecord } from '../records/find-order';
import { columnsOf, readPage, type Listing, type Page, type PageRequest, type Walk } from './page';
import type { TimeRange } from './time-range';
import { beginsWith, chooseWalk, walkDown } from './walk';

/** Filters for orders. An order is listed if all given filters match. The time range applies to `createdAt`. */
export interface OrderFilter extends TimeRange {
  readonly customerId?: string;
  readonly status?: OrderStatus;
  /** The lane for this destination waits for a person (`blocked`), or has a job that runs or may run (`open`). */
  readonly lane?: { readonly destination: string; readonly state: 'blocked' | 'open' };
  /** At least one event of this batch was about the order. */
  readonly batch?: string;
}

/** An order without its data and history. */
export interface OrderSummary {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly customerId: string | null;
  /** When the ledger first heard of the order, not when the producer created it. */
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The lane that {@link OrderFilter.lane} names; undefined without that filter. */
  readonly lane?: LaneRecord;
}

/** The position where a page of orders ended. */
export interface OrderKey {
  readonly orderId: string;
  /** In a list by time: with microseconds, as a JavaScript `Date` would round it and the next page would skip or repeat rows. */
  readonly createdAt?: string;
}

/** The sort order of a list: by time, the newest first, or by id if a lane or a batch selects the orders. */
export const orderOfOrders = ({ customerId, lane, batch }: OrderFilter): 'time' | 'id' =>
  customerId === undefined && (lane !== undefined || batch !== undefined) ? 'id' : 'time';

/**
 * Orders that have a status, so no placeholders, sorted as {@link orderOfOrders} says.
 *
 * @param page - `after` must come from a list with the same sort order
 */
export async function listOrders(
  db: Database,
  filter: OrderFilter,
  page: PageRequest<OrderKey>,
): Promise<Page<OrderSummary, OrderKey>> {
  const { customerId, status, lane, batch, from, to } = filter;
  const { rows, next } = await readPage<OrderRow, OrderKey>(
    db,
    {
      ...(orderOfOrders(filter) === 'time' ? byTime(filter, page.after) : byId(filter, page.after?.orderId ?? '')),
      columns: sql`
        ${columnsOf(orders, 'orderId', 'status', 'version', 'createdAt', 'updatedAt')}, ${customerIdOfOrder} as "customerId"
        ${lane ? sql`, ${columnsOf(lanes, 'destination', 'ackedVersion', 'head', 'blockedBy')}` : sql``}`,
      filters: [
        isNotNull(orders.status),
        customerId === undefined ? undefined : sql`${customerIdOfOrder} = ${customerId}`,
        status === undefined ? undefined : eq(orders.status, status),
        batch === undefined ? undefined : isOfBatch(batch),
        from === undefined ? undefined : gte(orders.createdAt, from),
        to === undefined ? undefined : lt(orders.createdAt, to),
      ],
    },
    page,
  );
  return { rows: rows.map(summaryOf), next };
}

type OrderRow = Omit<OrderSummary, 'lane'> & Partial<LaneRecord>;
type Way = Pick<Listing, 'walk' | 'as' | 'joins' | 'key'>;

function summaryOf({ destination, ackedVersion, head, blockedBy, ...order }: OrderRow): OrderSummary {
  return { ...order, ...(destination !== undefined && { lane: { destination, ackedVersion, head, blockedBy } as LaneRecord }) };
}

function byTime(filter: OrderFilter, after?: OrderKey): Way {
  const { customerId, status, lane, from, to } = filter;
  const first = [from?.toISOString() ?? '-infinity', ''] as const;
  const before = [after?.createdAt ?? to?.toISOString() ?? 'infinity', after?.orderId ?? ''] as const;
  const range = { key: [orders.createdAt, orders.orderId], from: first, before };
  const walk =
    customerId === undefined
      ? walkDown(orders, { equal: status === undefined ? [] : [[orders.status, status]], ...range }, isNotNull(orders.status))
      : walkCustomer(customerId, first, before);
  return {
    walk: chooseWalk(walk, filter, [customerId === undefined ? 'status' : 'customerId', 'from', 'to']),
    as: orders,
    joins: lane && joinLane(lane),
    key: sql`json_build_object(
      'createdAt', to_char(${orders.createdAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'orderId', ${orders.orderId}
    )`,
  };
}

/** Walks lanes or events. Blocked lanes are few, so they come first; a batch may be smaller than all open lanes. */
function byId(filter: OrderFilter, after: string): Way {
  const { lane, batch } = filter;
  const isOfLanes = lane !== undefined && (lane.state === 'blocked' || batch === undefined);
  const walked = isOfLanes ? lanes : events;
  return {
    walk: chooseWalk(isOfLanes ? walkLanes(lane, after) : walkBatch(batch ?? '', after), filter, [isOfLanes ? 'lane' : 'batch']),
    as: walked,
    joins: sql`
      join lateral (select ${orders}.* from ${orders} where ${orders.orderId} = ${walked.orderId} limit 1) as ${orders} on true
      ${isOfLanes || lane === undefined ? sql`` : joinLane(lane)}`,
    key: sql`json_build_object('orderId', ${walked.orderId})`,
  };
}

type LaneFilter = NonNullable<OrderFilter['lane']>;

// The same text as in the conditions of the indexes `lanes_blocked` and `lanes_open`, or the planner does not use them.
const inLaneState = ({ state }: LaneFilter): SQL =>
  state === 'blocked' ? sql`${lanes.blockedBy} is not null` : sql`${lanes.head} is not null and ${lanes.blockedBy} is null`;

const joinLane = (lane: LaneFilter): SQL => sql`
  join lateral (
    select ${lanes}.* from ${lanes}
    where ${lanes.orderId} = ${orders.orderId} and ${lanes.destination} = ${lane.destination} and ${inLaneState(lane)} limit 1
  ) as ${lanes} on true`;

function walkLanes(lane: LaneFilter, after: string): Walk {
  const order = sql`${lanes.destination}, ${lanes.orderId}`;
  const rows: Walk['rows'] = (count) => sql`
    select ${lanes}.* from ${lanes}
    where ${beginsWith(lanes.destination, lane.destination)} and ${lanes.orderId} > ${after} and ${inLaneState(lane)}
    order by ${order} limit ${count}`;
  return { rows, order };
}

function walkBatch(batch: string, after: string): Walk {
  const order = sql`${events.batch}, ${events.orderId}`;
  const rows: Walk['rows'] = (count) => sql`
    select distinct ${order} from ${events}
    where ${beginsWith(events.batch, batch)} and ${events.orderId} > ${after} and ${events.batch} is not null
    order by ${order} limit ${count}`;
  return { rows, order };
}

// `exists` would let the planner join with the whole batch. A scalar subquery is run once per row.
const isOfBatch = (batch: string): SQL => sql`
  (select true from ${events} where ${events.batch} = ${batch} and ${events.orderId} = ${orders.orderId} limit 1)`;
