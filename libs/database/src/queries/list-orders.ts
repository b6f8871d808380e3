import type { OrderStatus } from '@orderly/contracts';
import { eq, gte, isNotNull, lt, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../database';
import { events, lanes, orders } from '../schema';
import { customerIdOfOrder, walkCustomer } from './customer-orders';
import type { LaneRecord } from './find-order';
import { columnsOf, readPage, type Listing, type Page, type PageRequest, type Walk } from './page';
import type { TimeRange } from './time-range';
import { walkDown } from './walk';

/** Which orders are listed: those for which all of it holds. The time is that at which the ledger first heard of them. */
export interface OrderFilter extends TimeRange {
  readonly customerId?: string;
  readonly status?: OrderStatus;
  /** Orders whose lane for this destination waits for a person (`blocked`), or has a job that runs or may run (`open`). */
  readonly lane?: { readonly destination: string; readonly state: 'blocked' | 'open' };
  /** Orders that an event of this batch was about. */
  readonly batch?: string;
}

export interface OrderSummary {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly customerId: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** The one that was asked for. */
  readonly lane?: LaneRecord;
}

/** Where a page of orders ended; in a list by time with that of the order, to the microsecond as the ledger has it. */
export interface OrderKey {
  readonly orderId: string;
  readonly createdAt?: string;
}

/** The order of a list: by time, the newest first, or by id, where a lane or a batch finds the orders. */
export const orderOfOrders = ({ customerId, lane, batch }: OrderFilter): 'time' | 'id' =>
  customerId === undefined && (lane !== undefined || batch !== undefined) ? 'id' : 'time';

/**
 * Orders that have a status, in the order of {@link orderOfOrders}.
 *
 * @param page - `after` is a key of a list of the same order
 */
export async function listOrders(
  db: Pick<Database, 'query'>,
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
type Way = Pick<Listing, 'walk' | 'as' | 'joins' | 'order' | 'key'>;

function summaryOf({ orderId, status, version, customerId, createdAt, updatedAt, ...lane }: OrderRow): OrderSummary {
  const { destination, ackedVersion, head, blockedBy } = lane as LaneRecord;
  return {
    ...{ orderId, status, version, customerId, createdAt, updatedAt },
    ...(destination !== undefined && { lane: { destination, ackedVersion, head, blockedBy } }),
  };
}

function byTime({ customerId, status, lane, batch, from, to }: OrderFilter, after?: OrderKey): Way {
  const first = [from?.toISOString() ?? '-infinity', ''] as const;
  const before = [after?.createdAt ?? to?.toISOString() ?? 'infinity', after?.orderId ?? ''] as const;
  const leading = customerId === undefined ? status : undefined;
  const rows =
    customerId === undefined
      ? walkDown(
          orders,
          {
            columns: [...(leading ? [orders.status] : []), orders.createdAt, orders.orderId],
            from: [...(leading ? [leading] : []), ...first],
            before: [...(leading ? [leading] : []), ...before],
          },
          isNotNull(orders.status),
        )
      : walkCustomer(customerId, first, before);
  const others = [lane, batch, customerId === undefined ? undefined : status];
  return {
    walk: { rows, share: shareOf(others) },
    as: orders,
    joins: lane && joinLane(lane),
    order: sql`${orders.createdAt} desc, ${orders.orderId} desc`,
    key: sql`json_build_object(
      'createdAt', to_char(${orders.createdAt} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), 'orderId', ${orders.orderId}
    )`,
  };
}

/** Blocked lanes are few; a batch may be smaller than what is open in all lanes of a destination. */
function byId({ status, lane, batch, from, to }: OrderFilter, after: string): Way {
  const walksLanes = lane !== undefined && (lane.state === 'blocked' || batch === undefined);
  const walked = walksLanes ? lanes : events;
  const rows = walksLanes ? walkLanes(lane, after) : walkBatch(batch ?? '', after);
  return {
    walk: { rows, share: shareOf([status, from, to, ...(walksLanes ? [batch] : [lane])]) },
    as: walked,
    joins: sql`
      join lateral (select ${orders}.* from ${orders} where ${orders.orderId} = ${walked.orderId} limit 1) as ${orders} on true
      ${walksLanes || lane === undefined ? sql`` : joinLane(lane)}`,
    order: sql`${walked.orderId}`,
    key: sql`json_build_object('orderId', ${walked.orderId})`,
  };
}

const shareOf = (others: readonly unknown[]): Walk['share'] => (others.every((other) => other === undefined) ? 'all' : 'some');

type LaneFilter = NonNullable<OrderFilter['lane']>;

// In the words of the indexes' conditions.
const inLaneState = ({ state }: LaneFilter): SQL =>
  state === 'blocked' ? sql`${lanes.blockedBy} is not null` : sql`${lanes.head} is not null and ${lanes.blockedBy} is null`;

const joinLane = (lane: LaneFilter): SQL => sql`
  join lateral (
    select ${lanes}.* from ${lanes}
    where ${lanes.orderId} = ${orders.orderId} and ${lanes.destination} = ${lane.destination} and ${inLaneState(lane)} limit 1
  ) as ${lanes} on true`;

// Both as ranges and in the order of the whole index, as in walkDown.
const walkLanes =
  (lane: LaneFilter, after: string) =>
  (count: number): SQL => sql`
    select ${lanes}.* from ${lanes}
    where (${lanes.destination}, ${lanes.orderId}) > (${lane.destination}, ${after}) and ${lanes.destination} <= ${lane.destination}
      and ${inLaneState(lane)}
    order by ${lanes.destination}, ${lanes.orderId} limit ${count}`;
const walkBatch =
  (batch: string, after: string) =>
  (count: number): SQL => sql`
    select distinct ${events.batch}, ${events.orderId} from ${events}
    where (${events.batch}, ${events.orderId}) > (${batch}, ${after}) and ${events.batch} <= ${batch} and ${events.batch} is not null
    order by ${events.batch}, ${events.orderId} limit ${count}`;

// Not `exists`, which the planner may turn into a join with all of the batch.
const isOfBatch = (batch: string): SQL => sql`
  (select true from ${events} where ${events.batch} = ${batch} and ${events.orderId} = ${orders.orderId} limit 1)`;
