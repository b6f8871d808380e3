import type { OrderStatus } from '@orderly/contracts';
import { and, asc, desc, eq, isNotNull, sql } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { lanes, orderChanges, orders } from '../schema';
import { ormOf } from '../orm';

/** An order as it is now, how it came there, and what each destination has been told. */
export interface OrderRecord {
  readonly orderId: string;
  readonly status: OrderStatus;
  readonly version: number;
  readonly data: unknown;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Status changes, the oldest first; of a very long life the newest thousand. */
  readonly history: readonly StatusChange[];
  readonly lanes: readonly LaneRecord[];
}

export interface StatusChange {
  readonly version: number;
  readonly from: OrderStatus | null;
  readonly to: OrderStatus;
  /** Statuses between the two that no event reported. */
  readonly skipped: readonly OrderStatus[];
  /** When it occurred at the producer. */
  readonly at: Date;
  readonly reason: string | null;
  readonly eventId: string;
  readonly appliedAt: Date;
}

export interface LaneRecord {
  readonly destination: string;
  /** The newest version that the destination has confirmed; 0 for none. */
  readonly ackedVersion: number;
  /** The job that runs or runs next. */
  readonly head: string | null;
  /** The job that a person must settle before anything else is sent. */
  readonly blockedBy: string | null;
}

const maxHistory = 1000;

/** Undefined for an order whose `order.created` has not been applied. */
export async function findOrder(db: Database, orderId: string): Promise<OrderRecord | undefined> {
  const [order] = await ormOf(db)
    .select()
    .from(orders)
    .where(and(eq(orders.orderId, orderId), isNotNull(orders.status)));
  if (order === undefined) return undefined;
  const [changes, laneRecords] = await Promise.all([
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
  };
}

function statusChange(row: typeof orderChanges.$inferSelect): StatusChange {
  const { version, fromStatus, toStatus, skipped, occurredAt, reason, eventId, appliedAt } = row;
  return { version, from: fromStatus, to: toStatus, skipped, at: occurredAt, reason, eventId, appliedAt };
}
