import type { Database } from '@orderly/database';
import { countOpenEvents } from '@orderly/read-model';
import { RequestRefused } from '../../http/request-refused';

/** Why there is no order under an id, with what is known of it all the same. */
export async function unknownOrder(db: Pick<Database, 'query'>, orderId: string): Promise<RequestRefused> {
  const { parked, pending } = await countOpenEvents(db, orderId);
  const open = [parked > 0 ? `${parked} parked` : '', pending > 0 ? `${pending} pending` : ''].filter((text) => text !== '');
  const known = open.length === 0 ? 'no event of it waits' : `events of it: ${open.join(', ')}`;
  return new RequestRefused('not-found', { detail: `No order.created of this order has been applied; ${known}` });
}
