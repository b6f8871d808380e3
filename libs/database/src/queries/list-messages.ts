import { notifyingKinds, type NotificationKind } from '@orderly/contracts';
import { messageStates, type MessageState } from '@orderly/messaging';
import { and, eq, gte, lt, sql, type SQL } from 'drizzle-orm';
import type { Database } from '../database';
import { messages } from '../schema';
import { ordersOf } from './customer-orders';
import { columnsOf, readPage, type Page, type PageRequest, type Walk } from './page';
import { idsOf, type TimeRange } from './time-range';
import { sortFound, walkDown, walkEach } from './walk';

/** A notification; it has the id of the job that sends it. */
export type MessageRecord = typeof messages.$inferSelect;

/** Which messages are listed: those for which all of it holds. The time is that of their ids. */
export interface MessageFilter extends TimeRange {
  readonly orderId?: string;
  /** Of the newest orders of this customer. */
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
      order: sql`${messages.id} desc`,
      key: sql`to_json(${messages.id})`,
    },
    page,
  );
}

/**
 * The walk by the filter that leaves least, in this order: order and customer, a state that messages do not end in, batch, state
 * and kind, time.
 */
async function walkOf(db: Database, filter: MessageFilter, { from, before }: ReturnType<typeof idsOf>): Promise<Walk> {
  const { kind, state, channel, batch } = filter;
  const inTime = and(gte(messages.id, from), lt(messages.id, before)) as SQL;
  const byState: Walk['rows'] = walkEach(messages, messages.id, statesAndKinds(filter), (each) =>
    walkDown(
      messages,
      {
        columns: [messages.state, messages.kind, messages.id],
        from: [each('state'), each('kind'), from],
        before: [each('state'), each('kind'), before],
      },
      inTime,
    ),
  );

  const orderIds = await ordersOf(db, filter);
  if (orderIds !== undefined) {
    const ofOrders = and(sql`${messages.orderId} = any(${sql.param(orderIds)}::text[])`, inTime) as SQL;
    const isAll = [kind, state, channel, batch].every((value) => value === undefined);
    return { rows: sortFound(messages, messages.id, ofOrders), share: isAll ? 'all' : 'some' };
  }
  if (batch !== undefined && (state === undefined || commonStates.has(state))) {
    const range = { columns: [messages.batch, messages.id], from: [batch, from], before: [batch, before] };
    const isAll = [kind, state, channel].every((value) => value === undefined);
    return { rows: walkDown(messages, range, and(sql`${messages.batch} is not null`, inTime)), share: isAll ? 'all' : 'some' };
  }
  const share = [channel, batch].every((value) => value === undefined) ? 'all' : 'some';
  if (state !== undefined || kind !== undefined) return { rows: byState, share };
  return { rows: walkDown(messages, { columns: [messages.id], from: [from], before: [before] }), share };
}

/** Where most messages come to rest, so that a batch leaves fewer. */
const commonStates: ReadonlySet<MessageState> = new Set(['sent', 'delivered']);

function statesAndKinds({ state, kind }: MessageFilter): { readonly name: string; readonly values: readonly string[] }[] {
  const states = state === undefined ? messageStates : [state];
  const pairs = states.flatMap((one) => (kind === undefined ? notifyingKinds : [kind]).map((other) => [one, other] as const));
  return [
    { name: 'state', values: pairs.map(([one]) => one) },
    { name: 'kind', values: pairs.map(([, other]) => other) },
  ];
}
