import type { Database } from '@orderly/database';

/** Events of an order that were accepted and have no end yet. */
export interface OpenEvents {
  /** They came early, and wait for a missing step. */
  readonly parked: number;
  /** They are still to be looked at. */
  readonly pending: number;
}

/** How many events of an order are open, whether there is such an order or not. */
export async function countOpenEvents(db: Pick<Database, 'query'>, orderId: string): Promise<OpenEvents> {
  const [counts] = await db.query<OpenEvents>(
    `select count(*) filter (where state = 'parked') as parked, count(*) filter (where state in ('runnable', 'running')) as pending
     from jobs where order_id = $1 and destination is null and name = 'apply-order-event' and state in ('parked', 'runnable', 'running')`,
    [orderId],
  );
  return counts ?? { parked: 0, pending: 0 };
}
