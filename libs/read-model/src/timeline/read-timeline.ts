import type { OrderStatus } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { readTimelineActions, type TimelineAction } from './read-timeline-actions';
import {
  readTimelineChanges,
  readTimelineDeliveries,
  readTimelineEvents,
  type TimelineChange,
  type TimelineDelivery,
  type TimelineEvent,
} from './read-timeline-entries';
import { readTimelineLanes, readTimelineParked, readTimelinePending, type TimelineNow } from './read-timeline-now';
import { readTimelineMessages, type TimelineMessage } from './read-timeline-messages';
import { readQueueFacts } from '../queues/read-queue-facts';

/** The past and the open work of an order, from one snapshot. Each fact appears once. */
export interface Timeline {
  readonly orderId: string;
  /** Null while its `order.created` has not been applied. */
  readonly status: OrderStatus | null;
  readonly version: number;
  /** The time of the snapshot. */
  readonly at: Date;
  readonly now: TimelineNow;
  /** Sorted by time, the oldest first. */
  readonly entries: readonly TimelineEntry[];
  /** Older entries were left out: of each kind only the newest {@link maxTimelineEntries} are shown. */
  readonly truncated: boolean;
}

/** One fact. `at` is the time when an event was accepted, a change applied, an action taken, or a job ended. */
export type TimelineEntry = TimelineEvent | TimelineChange | TimelineDelivery | TimelineMessage | TimelineAction;

/** Per kind of entry: bounds the answer for an order that is changed again and again for years. */
const maxTimelineEntries = 500;

/**
 * Reads the timeline of an order. Undefined if the ledger has neither the order nor an event of it. One accepted event is enough,
 * even before it is applied.
 */
export async function readTimeline(db: Database, orderId: string): Promise<Timeline | undefined> {
  return db.transaction(async (query) => {
    await query('set transaction isolation level repeatable read, read only');
    const [order] = await query<OrderRow>(
      `select o.order_id is not null as "exists", o.status, coalesce(o.version, 0) as version, now() as at
       from (select) as one left join orders o on o.order_id = $1`,
      [orderId],
    );
    if (order === undefined) throw new Error('The query for the order returned no row');
    // The extra row shows whether there are more.
    const limit = maxTimelineEntries + 1;
    const events = await readTimelineEvents(query, orderId, limit);
    if (!order.exists && events.length === 0) return undefined;

    const changes = await readTimelineChanges(query, orderId, limit);
    const deliveries = await readTimelineDeliveries(query, orderId, limit);
    const messages = await readTimelineMessages(query, orderId, limit);
    const lanes = await readTimelineLanes(query, orderId, limit);
    const pending = await readTimelinePending(query, orderId);
    const parked = await readTimelineParked(query, orderId, order.status, limit);
    const open = [...lanes.flatMap(({ job }) => job ?? []), ...messages.underWay.map(({ job }) => job)];
    const queues = [...new Set([...open, ...(pending ? [pending.job] : [])].map(({ queue }) => queue))];
    const actions = await readTimelineActions(query, orderId, limit);
    const kinds: readonly (readonly TimelineEntry[])[] = [events, changes, deliveries, messages.ended, actions];
    const lists = [...kinds, lanes, parked, messages.underWay];
    return {
      orderId,
      status: order.status,
      version: order.version,
      at: order.at,
      now: {
        pending,
        parked: parked.slice(0, maxTimelineEntries),
        lanes: lanes.slice(0, maxTimelineEntries),
        messages: messages.underWay.slice(0, maxTimelineEntries),
        queues: new Map((await readQueueFacts(query, queues)).map((queue) => [queue.name, queue])),
      },
      entries: kinds
        .flatMap((kind) => kind.slice(-maxTimelineEntries))
        .toSorted((one, other) => one.at.getTime() - other.at.getTime()),
      // An order has one change per version, and only the newest `limit` of them were read.
      truncated: order.version > limit || lists.some(({ length }) => length > maxTimelineEntries),
    };
  });
}

type OrderRow = { exists: boolean; status: OrderStatus | null; version: number; at: Date };
