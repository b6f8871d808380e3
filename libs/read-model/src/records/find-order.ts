import type { OrderStatus } from '@orderly/contracts';
import { findPause, type Pause } from '@orderly/ledger';
import { and, asc, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { lanes, orderChanges, orders } from '../schema';
import { ormOf } from '../orm';

/** An order as it is now, with its status history and its lanes. */
export interface OrderRecord {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly data: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Status changes, the oldest first. Only the newest {@link maxHistory} are read. */
  readonly history: readonly StatusChange[];
  readonly lanes: readonly LaneRecord[];
  /** Null unless an operator has paused the order. */
  readonly paused: Pause | null;
}

/** A version of the order that changed its status. */
export interface StatusChange {
  readonly version: number;
  /** Null for the change that created the order. */
  readonly from: OrderStatus | null;
  readonly to: OrderStatus;
  /** Statuses between the two that no event reported. */
  readonly skipped: readonly OrderStatus[];
  /** When the change occurred, by the producer's clock. */
  readonly at: Date;
  readonly reason: string | null;
  readonly eventId: string;
  readonly appliedAt: Date;
}

/** The lane of an order for one destination. */
export interface LaneRecord {
  readonly destination: string;
  /** The newest version that the destination has confirmed; 0 for none. */
  readonly ackedVersion: number;
  /** The id of the only job of the lane that may run. */
  readonly head: string | null;
  /** The id of a job that a person must settle before anything else is sent. */
  readonly blockedBy: string | null;
}

/** Bounds the answer for an order that is changed again and again for years. */
const maxHistory = 1000;

/** Finds an order with its history and lanes. Undefined while its `order.created` has not been applied. */
export async function findOrder(db: Database, orderId: string): Promise<OrderRecord | undefined> {
  const [order] = await ormOf(db)
    .select()
    .from(orders)
    .where(and(eq(orders.orderId, orderId), isNotNull(orders.status)));
  if (order === undefined) return undefined;
  const [changes, laneRecords, paused] = await Promise.all([
    ormOf(db)
      .select()
      .from(orderChanges)
      .where(and(eq(orderChanges.orderId, orderId), sql`${orderChanges.fromStatus} is distinct from ${orderChanges.toStatus}`))
      .orderBy(desc(orderChanges.version))
      .limit(maxHistory),
    ormOf(db)
      .select({ destination: lanes.destination, ackedVersion: lanes.ackedVersion, head: lanes.head, blockedBy: lanes.blockedBy })
      .from(lanes)
      .where(eq(lanes.orderId, orderId))
      .orderBy(asc(lanes.destination)),
    findPause(db.query, 'order', orderId),
  ]);
  const { status, version, data, createdAt, updatedAt } = order;
  return {
    orderId,
    status: status as OrderStatus,
    version,
    data,
    createdAt,
    updatedAt,
    history: changes.reverse().map(statusChange),
    lanes: laneRecords,
    paused,
  };
}

function statusChange(row: typeof orderChanges.$inferSelect): StatusChange {
  const { version, fromStatus, toStatus, skipped, occurredAt, reason, eventId, appliedAt } = row;
  return { version, from: fromStatus, to: toStatus, skipped, at: occurredAt, reason, eventId, appliedAt };
}
