import { listOf, objectOf, textOf, type JsonObject } from './json-value';
import { BodyFault, idOf, toOrderPatch, toOrderSnapshot, toRefunds } from './shopify-order';

/** An order event that lacks what the shop's name is part of. */
export type ShopifyChange = {
  /** Shopify's id of the order. */
  readonly order: string;
  readonly id: string;
  readonly type: string;
  readonly occurredAt: unknown;
  readonly data: JsonObject;
};

/**
 * What the body of each topic says happened; other topics are not used.
 *
 * The topic is not signed. Where the body contradicts it, such as `orders/cancelled` without a `cancelled_at`, the body is
 * taken for what it surely is: the order as of its `updated_at`, under the id that it has as `orders/updated`.
 *
 * @throws BodyFault for a body that belongs to another kind of topic.
 */
export const shopifyTopics: ReadonlyMap<string, (body: JsonObject) => readonly ShopifyChange[]> = new Map([
  ['orders/create', forOrder((order, body) => [toCreation(order, body)])],
  ['orders/updated', forOrder(toUpdate)],
  ['orders/paid', forOrder((order, body) => (isPaid(body) ? [toPayment(order, body)] : toUpdate(order, body)))],
  ['orders/fulfilled', forOrder((order, body) => (isFulfilled(body) ? [toShipment(order, body)] : toUpdate(order, body)))],
  ['orders/cancelled', forOrder((order, body) => (isCancelled(body) ? [toCancellation(order, body)] : toUpdate(order, body)))],
  ['refunds/create', (body) => [toRefundNote(body)]],
]);

/**
 * A millisecond early, because Shopify's times have whole seconds and a patch has to be newer than what it replaces: an update of
 * the same second is an update of what was created.
 */
function toCreation(order: string, body: JsonObject): ShopifyChange {
  return {
    order,
    id: `orders/create:${order}`,
    type: 'order.created',
    occurredAt: isoOf(body.created_at, -1) ?? body.created_at,
    data: toOrderSnapshot(body),
  };
}

/**
 * The whole order as a patch. Only here is an order known to be refunded: Shopify says `refunded` when all is given back, and
 * `partially_refunded` before that.
 */
function toUpdate(order: string, body: JsonObject): ShopifyChange[] {
  const { updated_at, financial_status } = body;
  const id = `orders/updated:${order}:${isoOf(updated_at) ?? ''}`;
  const update = { order, id, type: 'order.updated', occurredAt: updated_at, data: toOrderPatch(body) };
  if (financial_status !== 'refunded') return [update];
  // One id and the last refund's time, however often the order is updated afterwards: it was refunded once.
  const occurredAt = latestOf(body.refunds) ?? updated_at;
  return [update, toStatus(order, 'refunded', occurredAt)];
}

// What was paid stays paid when a part or all of it is given back, which may be before Shopify writes the body.
const isPaid = ({ financial_status: status }: JsonObject): boolean =>
  status === 'paid' || status === 'partially_refunded' || status === 'refunded';

const toPayment = (order: string, body: JsonObject): ShopifyChange => toStatus(order, 'paid', body.updated_at);

const isFulfilled = ({ fulfillment_status }: JsonObject): boolean => fulfillment_status === 'fulfilled';

const toShipment = (order: string, body: JsonObject): ShopifyChange =>
  toStatus(order, 'fulfilled', latestOf(body.fulfillments) ?? body.updated_at);

const isCancelled = ({ cancelled_at }: JsonObject): boolean => typeof cancelled_at === 'string';

function toCancellation(order: string, body: JsonObject): ShopifyChange {
  const reason = textOf(body.cancel_reason, 1000);
  return {
    order,
    id: `orders/cancelled:${order}`,
    type: 'order.cancelled',
    occurredAt: body.cancelled_at,
    data: reason === null ? {} : { reason },
  };
}

/** In an order's life each happens once. */
const statusOf = { paid: 'confirmed', fulfilled: 'shipped', refunded: 'refunded' } as const;

const toStatus = (order: string, what: keyof typeof statusOf, occurredAt: unknown): ShopifyChange => ({
  order,
  id: `orders/${what}:${order}`,
  type: 'order.status_changed',
  occurredAt,
  data: { status: statusOf[what] },
});

/**
 * A refund is noted on the order and never ends it: `refunded` is a status that nothing follows, and most refunds are of one
 * line or of the shipping, with the rest of the order still to be sent. The body has no total to compare with, so it cannot
 * tell; that everything is given back is learnt from `orders/updated`.
 *
 * `metadata` is one unit of a patch: one that occurred no later than its last writer is not merged. Shopify updates the order in
 * the very second of the refund, and its times have whole seconds. So the refund is put a millisecond earlier: if it comes first,
 * the update is still newer; if it comes last, nothing is lost, because the update lists all refunds.
 */
function toRefundNote(body: JsonObject): ShopifyChange {
  const [id, order] = [idOf(body.id), idOf(body.order_id)];
  if (id === null) throw new BodyFault(['id'], 'is no id');
  if (order === null) throw new BodyFault(['order_id'], 'is no id of an order');
  if (!Array.isArray(body.refund_line_items)) throw new BodyFault(['refund_line_items'], 'is no list: this is no refund');
  const occurredAt = isoOf(body.created_at, -1) ?? body.created_at;
  return { order, id: `refund:${id}`, type: 'order.updated', occurredAt, data: { metadata: { refunds: toRefunds([body]) } } };
}

function forOrder(
  toChanges: (order: string, body: JsonObject) => readonly ShopifyChange[],
): (body: JsonObject) => readonly ShopifyChange[] {
  return (body) => {
    const order = idOf(body.id);
    if (order === null) throw new BodyFault(['id'], 'is no id');
    checkIsOrder(order, body);
    return toChanges(order, body);
  };
}

/** The app's secret signs every topic, so the body of a refund, a draft or a product may be sent under the topic of an order. */
function checkIsOrder(order: string, { line_items, financial_status, admin_graphql_api_id: globalId }: JsonObject): void {
  if (!Array.isArray(line_items)) throw new BodyFault(['line_items'], 'is no list: this is no order, or not a whole one');
  if (financial_status === undefined)
    throw new BodyFault(['financial_status'], 'is missing: this is no order, or not a whole one');
  if (typeof globalId === 'string' && globalId !== `gid://shopify/Order/${order}`) {
    throw new BodyFault(['admin_graphql_api_id'], 'names something else than this order');
  }
}

/** When the last of these refunds or fulfilments was made. */
const latestOf = (list: unknown): string | undefined =>
  listOf(list)
    .map((item) => isoOf(objectOf(item).created_at))
    .filter((time) => time !== undefined)
    .toSorted()
    .at(-1);

/** A time of Shopify in UTC, moved by some milliseconds; undefined for what is no time. */
function isoOf(value: unknown, shiftMs = 0): string | undefined {
  const time = typeof value === 'string' && /^\d{4}-/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : new Date(time + shiftMs).toISOString();
}
