import type { Database } from '@orderly/database';

/** The numbers of an order's accepted events that have no outcome yet. */
export interface OpenEvents {
  /** Events that came early and wait for a missing step. */
  readonly parked: number;
  /** Events that wait for a worker, or are being applied. */
  readonly pending: number;
}

/** Counts the open events of an order. The order itself need not exist: its first event may still be open. */
export async function countOpenEvents(db: Pick<Database, 'query'>, orderId: string): Promise<OpenEvents> {
  const [counts] = await db.query<OpenEvents>(
    `select count(*) filter (where state = 'parked') as parked, count(*) filter (where state in ('runnable', 'running')) as pending
     from jobs where order_id = $1 and destination is null and name = 'apply-order-event' and state in ('parked', 'runnable', 'running')`,
    [orderId],
  );
  return counts ?? { parked: 0, pending: 0 };
}
