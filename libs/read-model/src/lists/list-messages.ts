import { notifyingKinds, type NotificationKind } from '@orderly/contracts';
import { messageStates, type MessageState } from '@orderly/messaging';
import { eq, sql } from 'drizzle-orm';
import type { Database } from '@orderly/database';
import { messages } from '../schema';
import { ordersOf } from './customer-orders';
import { columnsOf, readPage, type Page, type ChosenWalk, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { chooseWalk, walkDown, walkEach, walkOrders } from './walk';

/** A notification. Its id is also the id of the job that sends it. */
export type MessageRecord = Omit<typeof messages.$inferSelect, 'state'> & { readonly state: MessageState };

/** Filters for messages. A message is listed if all given filters match. The time range applies to the time in its id. */
export interface MessageFilter extends TimeRange {
  readonly orderId?: string;
  /** Covers the customer's newest orders only: see `maxCustomerOrders`. */
  readonly customerId?: string;
  readonly kind?: NotificationKind;
  readonly state?: MessageState;
  readonly channel?: string;
  readonly batch?: string;
}

/** Messages, the newest first. */
export async function listMessages(db: Database, filter: MessageFilter, page: PageRequest): Promise<Page<MessageRecord>> {
  const { orderId, kind, state, channel, batch } = filter;
  return readPage<MessageRecord, string>(
    db,
    {
      walk: await walkOf(db, filter, idsOf(filter, page.after)),
      as: messages,
      columns: columnsOf(messages),
      filters: [
        orderId === undefined ? undefined : eq(messages.orderId, orderId),
        kind === undefined ? undefined : eq(messages.kind, kind),
        state === undefined ? undefined : eq(messages.state, state),
        channel === undefined ? undefined : eq(messages.channel, channel),
        batch === undefined ? undefined : eq(messages.batch, batch),
      ],
      key: sql`to_json(${messages.id})`,
    },
    page,
  );
}

/**
 * Chooses the walk by the most selective filter. The order is: order and customer, a state that is not common, batch, state and
 * kind, time.
 */
async function walkOf(db: Database, filter: MessageFilter, { from, before }: ReturnType<typeof idsOf>): Promise<ChosenWalk> {
  const { kind, state, batch } = filter;
  const ids = { key: [messages.id], from: [from], before: [before] };
  const walkBy = (walk: Walk, ...by: readonly (keyof MessageFilter)[]): ChosenWalk =>
    chooseWalk(walk, filter, [...by, 'from', 'to']);

  const orderIds = await ordersOf(db, filter);
  if (orderIds !== undefined) {
    return walkBy(walkOrders(messages, messages.orderId, orderIds, ids), 'orderId', 'customerId');
  }
  if (batch !== undefined && (state === undefined || commonStates.has(state))) {
    return walkBy(walkDown(messages, { equal: [[messages.batch, batch]], ...ids }, sql`${messages.batch} is not null`), 'batch');
  }
  if (state === undefined && kind === undefined) return walkBy(walkDown(messages, { equal: [], ...ids }));
  const byStateAndKind = walkEach(messages, messages.id, statesAndKinds(filter), (each) =>
    walkDown(messages, {
      equal: [
        [messages.state, each('state')],
        [messages.kind, each('kind')],
      ],
      ...ids,
    }),
  );
  return walkBy(byStateAndKind, 'state', 'kind');
}

/** The states in which most messages end. A batch is more selective than one of these. */
const commonStates: ReadonlySet<MessageState> = new Set(['sent', 'delivered']);

/** Every pair to walk: the index `messages_by_state` needs a value for both columns. */
function statesAndKinds({ state, kind }: MessageFilter): Record<'state' | 'kind', string[]> {
  const states = state === undefined ? messageStates : [state];
  const pairs = states.flatMap((one) => (kind === undefined ? notifyingKinds : [kind]).map((other) => [one, other] as const));
  return { state: pairs.map(([one]) => one), kind: pairs.map(([, other]) => other) };
}
