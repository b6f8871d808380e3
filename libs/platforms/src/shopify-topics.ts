import { listOf, objectOf, textOf, type JsonObject } from './json-value';
import { BodyFault, idOf, toOrderPatch, toOrderSnapshot, toRefunds } from './shopify-order';

/** An order event without the fields that contain the shop's name: `source` and `orderId`. */
export type ShopifyChange = {
  /** Shopify's id of the order. */
  readonly order: string;
  readonly id: string;
  readonly type: string;
  readonly occurredAt: unknown;
  readonly data: JsonObject;
};

/**
 * Maps the body of each topic to changes; other topics are not used.
 *
 * The topic is not signed. If the body contradicts it, such as `orders/cancelled` without a `cancelled_at`, the body is mapped as
 * `orders/updated`, with the event id of that topic.
 *
 * @throws BodyFault if the body belongs to another kind of topic.
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
 * One millisecond early: Shopify's times are accurate to a second, and a patch applies only if it is newer. This way an update in
 * the same second still applies to the created order.
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
 * The whole order as a patch. Only this topic shows that an order is refunded: Shopify sets `refunded` when the whole amount is
 * refunded, and `partially_refunded` before that.
 */
function toUpdate(order: string, body: JsonObject): ShopifyChange[] {
  const { updated_at, financial_status } = body;
  const id = `orders/updated:${order}:${isoOf(updated_at) ?? ''}`;
  const update = { order, id, type: 'order.updated', occurredAt: updated_at, data: toOrderPatch(body) };
  if (financial_status !== 'refunded') return [update];
  // The same id and time for every later update, because the order was refunded once.
  const occurredAt = latestOf(body.refunds) ?? updated_at;
  return [update, toStatus(order, 'refunded', occurredAt)];
}

// A refunded order was paid, too: the refund may happen before Shopify writes the body.
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

/** Each of these happens once per order, so the event id needs no time. */
const statusOf = { paid: 'confirmed', fulfilled: 'shipped', refunded: 'refunded' } as const;

const toStatus = (order: string, what: keyof typeof statusOf, occurredAt: unknown): ShopifyChange => ({
  order,
  id: `orders/${what}:${order}`,
  type: 'order.status_changed',
  occurredAt,
  data: { status: statusOf[what] },
});

/**
 * Adds a refund to the order's metadata, and never ends the order. `refunded` is a final status, but most refunds cover one line
 * or the shipping while the rest is still to be shipped. The body has no order total, so only `orders/updated` shows a full refund.
 *
 * A patch of `metadata` applies only if it is newer than the last one. Shopify updates the order in the same second as the refund,
 * and its times are accurate to a second. The refund is therefore dated one millisecond earlier. If it arrives first, the update
 * is still newer. If it arrives last, nothing is lost, because the update lists all refunds.
 */
function toRefundNote(body: JsonObject): ShopifyChange {
  const [id, order] = [idOf(body.id), idOf(body.order_id)];
  if (id === null) throw new BodyFault(['id'], 'must be an id');
  if (order === null) throw new BodyFault(['order_id'], 'must be the id of an order');
  if (!Array.isArray(body.refund_line_items))
    throw new BodyFault(['refund_line_items'], 'must be an array: the body is not a refund');
  const occurredAt = isoOf(body.created_at, -1) ?? body.created_at;
  return { order, id: `refund:${id}`, type: 'order.updated', occurredAt, data: { metadata: { refunds: toRefunds([body]) } } };
}

function forOrder(
  toChanges: (order: string, body: JsonObject) => readonly ShopifyChange[],
): (body: JsonObject) => readonly ShopifyChange[] {
  return (body) => {
    const order = idOf(body.id);
    if (order === null) throw new BodyFault(['id'], 'must be an id');
    checkIsOrder(order, body);
    return toChanges(order, body);
  };
}

/** The app's secret signs every topic, so an attacker could send the body of a refund, draft or product under an order topic. */
function checkIsOrder(order: string, { line_items, financial_status, admin_graphql_api_id: globalId }: JsonObject): void {
  if (!Array.isArray(line_items)) throw new BodyFault(['line_items'], 'must be an array: the body is not a complete order');
  if (financial_status === undefined) throw new BodyFault(['financial_status'], 'is missing: the body is not a complete order');
  if (typeof globalId === 'string' && globalId !== `gid://shopify/Order/${order}`) {
    throw new BodyFault(['admin_graphql_api_id'], 'must name this order');
  }
}

/** The time of the latest of these refunds or fulfilments. */
const latestOf = (list: unknown): string | undefined =>
  listOf(list)
    .map((item) => isoOf(objectOf(item).created_at))
    .filter((time) => time !== undefined)
    .toSorted()
    .at(-1);

/** A Shopify time in UTC, shifted by `shiftMs`; undefined if the value is not a time. */
function isoOf(value: unknown, shiftMs = 0): string | undefined {
  const time = typeof value === 'string' && /^\d{4}-/.test(value) ? Date.parse(value) : NaN;
  return Number.isNaN(time) ? undefined : new Date(time + shiftMs).toISOString();
}
