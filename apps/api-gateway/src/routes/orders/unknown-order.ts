import type { Database } from '@orderly/database';
import { countOpenEvents } from '@orderly/read-model';
import { RequestRefused } from '../../http/request-refused';

/** Explains why an order is not found. Events that came early may already wait for it, and support needs to know that. */
export async function unknownOrder(db: Pick<Database, 'query'>, orderId: string): Promise<RequestRefused> {
  const { parked, pending } = await countOpenEvents(db, orderId);
  const open = [parked > 0 ? `${parked} parked` : '', pending > 0 ? `${pending} pending` : ''].filter((text) => text !== '');
  const known = open.length === 0 ? 'no event waits for it' : `waiting events: ${open.join(', ')}`;
  return new RequestRefused('not-found', { detail: `No order.created has been applied for this order; ${known}` });
}
