import type { Database } from '@orderly/database';
import { countOpenEvents } from '@orderly/read-model';
import { RequestRefused } from '../../http/request-refused';

/** Explains why an order is not found. Events that came early may already wait for it, and support needs to know that. */
export async function unknownOrder(db: Pick<Database, 'query'>, orderId: string): Promise<RequestRefused> {
  const { parked, pending } = await countOpenEvents(db, orderId);
  return new RequestRefused('not-found', { detail: explain(parked, pending) });
}

function explain(parked: number, pending: number): string {
  if (parked + pending === 0) return 'Orderly has no order with this id, and no waiting event for it.';
  const waiting = [
    parked > 0 ? `${parked} parked ${parked === 1 ? 'event waits' : 'events wait'} for its \`order.created\`` : [],
    pending > 0 ? `${pending} ${pending === 1 ? 'event is' : 'events are'} not processed yet` : [],
  ].flat();
  return `The order does not exist yet: ${waiting.join(', and ')}.`;
}
