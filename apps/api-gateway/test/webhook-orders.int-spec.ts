import type { ApplyJob } from '@orderly/jobs';
import { createOrderApplier } from '@orderly/ledger';
import { planWith, startProcess } from '@orderly/ledger/testing';
import { buildOrder, buildRefund } from '@orderly/platforms/testing';
import { startGateway, type Answer, type TestGateway } from './gateway';
import { deliver, shopifyDelivery, standardDelivery, webhookConfig } from './webhook-deliveries';

let gateway: TestGateway;
let apply: ApplyJob;
const stopping = new AbortController();
beforeAll(async () => {
  gateway = await startGateway({}, webhookConfig);
  const processId = await startProcess(gateway.db);
  apply = createOrderApplier(
    { db: gateway.db, processId, relay: () => undefined, wait: { signal: stopping.signal } },
    planWith({ followUps: () => ({ syncs: [], messages: [] }) }),
  );
});
afterAll(async () => {
  stopping.abort();
  await gateway.stop();
});

/** Applies the created jobs as status-worker does. */
async function applied(answer: Answer): Promise<Answer> {
  expect(answer).toMatchObject({ status: 200, body: { duplicate: false } });
  for (const { eventId } of answer.body.events as { eventId: string }[]) {
    await apply({ jobId: eventId });
  }
  return answer;
}

const shopify = async (topic: string, body: object | string): Promise<Answer> =>
  applied(await deliver(gateway, shopifyDelivery(body, topic)));

let lastOrder = 600_000;
/** An order of Shopify in its successive states, with the state that Orderly stores. */
function newOrder(): {
  readonly now: (change?: object) => Record<string, unknown>;
  readonly number: number;
  readonly id: string;
} {
  const number = ++lastOrder;
  let minute = 0;
  let state: object = { id: number, admin_graphql_api_id: `gid://shopify/Order/${number}` };
  const now = (change: object = {}): Record<string, unknown> => {
    state = { ...state, ...change, updated_at: `2026-02-03T10:${String(minute++).padStart(2, '0')}:00-05:00` };
    return buildOrder(state);
  };
  return { now, number, id: `shopify-lamps-${number}` };
}

const orderOf = async (id: string): Promise<Answer['body']> => (await gateway.get(`/v1/orders/${id}`)).body;
const statusOf = async (id: string): Promise<unknown> => (await orderOf(id)).status;
const outcomeOf = async ({ body }: Answer, index = 0): Promise<unknown> =>
  (await gateway.get(`/v1/events/shopify%3Alamps/${encodeURIComponent(body.events[index].id)}`)).body.outcome.status;

const refunds = [{ id: 1, created_at: '2026-02-04T10:00:00-05:00', refund_line_items: [], transactions: [] }];

describe('an order of Shopify', () => {
  it('goes from created through paid and fulfilled to refunded, with a partial refund in between', async () => {
    const { now, number, id } = newOrder();
    await shopify('orders/create', now());
    expect(await statusOf(id)).toBe('pending');
    await shopify('orders/paid', now({ financial_status: 'paid' }));
    expect(await statusOf(id)).toBe('confirmed');
    const fulfillments = [{ id: 1, created_at: '2026-02-03T12:00:00-05:00' }];
    await shopify('orders/fulfilled', now({ fulfillment_status: 'fulfilled', fulfillments }));
    expect(await statusOf(id)).toBe('shipped');

    await shopify('refunds/create', buildRefund({ order_id: number }));
    const order = await orderOf(id);
    expect(order.status).toBe('shipped');
    expect(order.data.metadata.refunds['6001']).toMatchObject({ amounts: [{ amountMinor: 1100, currency: 'CAD' }] });

    // Shopify never reports the arrival of a parcel, so this waits for another producer.
    const refunded = await shopify('orders/updated', now({ financial_status: 'refunded', refunds }));
    expect(await statusOf(id)).toBe('shipped');
    expect(await outcomeOf(refunded, 1)).toBe('parked');
    const delivered = { id: 'd-1', source: 'carrier', type: 'order.status_changed', orderId: id, data: { status: 'delivered' } };
    await applied(await deliver(gateway, standardDelivery({ ...delivered, occurredAt: '2026-02-03T18:00:00Z' })));
    expect(await statusOf(id)).toBe('refunded');
    expect(await outcomeOf(refunded, 1)).toBe('applied');
  });

  it('is cancelled with a reason and refunded afterwards', async () => {
    const { now, id } = newOrder();
    await shopify('orders/create', now());
    await shopify('orders/cancelled', now({ cancelled_at: '2026-02-03T11:00:00-05:00', cancel_reason: 'inventory' }));
    expect(await orderOf(id)).toMatchObject({ status: 'cancelled' });
    await shopify('orders/updated', now({ financial_status: 'refunded', refunds }));
    const order = await orderOf(id);
    expect(order.status).toBe('refunded');
    expect(order.history).toContainEqual(expect.objectContaining({ to: 'cancelled', reason: 'inventory' }));
  });

  it('ends the same if its webhooks arrive in another order', async () => {
    const { now, id } = newOrder();
    const [created, paid] = [now(), now({ financial_status: 'paid' })];
    const shipped = now({ fulfillment_status: 'fulfilled' });
    await shopify('orders/fulfilled', shipped);
    await shopify('orders/paid', paid);
    await shopify('orders/create', created);
    const order = await orderOf(id);
    expect(order).toMatchObject({ status: 'shipped' });
    expect(order.history).toMatchObject([{ to: 'pending' }, { to: 'confirmed' }, { to: 'shipped' }]);
  });

  it('has lines, addresses and customer in its snapshot, and updates change or remove them', async () => {
    const { now, id } = newOrder();
    await shopify('orders/create', now());
    expect((await orderOf(id)).data).toMatchObject({
      currency: 'CAD',
      totalMinor: 6429,
      lines: [
        { sku: 'LAMP-1', name: 'Lamp - brass', quantity: 2, unitPriceMinor: 2500 },
        { sku: 'variant-82', name: 'Bulb', quantity: 1, unitPriceMinor: 1000 },
        { sku: 'line-73', name: 'Gift wrap', quantity: 1, unitPriceMinor: 0 },
      ],
      customer: { id: '9001', email: 'mira@example.com', name: 'Mira Okoye', locale: 'fr-CA' },
      shippingAddress: { city: 'Montréal', zip: 'H2X 1Y4', country_code: 'CA' },
      billingAddress: { city: 'Ottawa' },
      metadata: { orderName: '#1007', note: 'Please ring twice', financialStatus: 'pending' },
    });
    await shopify('orders/updated', now({ note: null, total_price: '70.00' }));
    const { data } = await orderOf(id);
    expect(data).toMatchObject({ totalMinor: 7000, customer: { email: 'mira@example.com' } });
    expect(data.metadata).not.toHaveProperty('note');
  });

  it.each([
    ['JPY', '1200', 1200, '6429', 6429],
    ['KWD', '1.234', 1234, '10.005', 10_005],
    ['EUR', '0.29', 29, '64.29', 6429],
  ])('stores money in minor units of %s', async (currency, price, unitPriceMinor, total, totalMinor) => {
    const { now, id } = newOrder();
    const none = { total_tax: '0', total_discounts: '0', subtotal_price: total, total_shipping_price_set: null };
    const line_items = [{ id: 1, sku: 'A', title: 'A', quantity: 1, price }];
    await shopify('orders/create', now({ currency, total_price: total, line_items, ...none }));
    expect((await orderOf(id)).data).toMatchObject({ currency, totalMinor, lines: [{ unitPriceMinor }] });
  });

  it('keeps ids beyond 2^53 to the last digit', async () => {
    const digits = '9223372036854775807';
    const body = JSON.stringify(newOrder().now({ admin_graphql_api_id: `gid://shopify/Order/${digits}` }))
      .replace(/"id":6\d{5},/, `"id":${digits},`)
      .replace('"id":9001', '"id":9007199254740993');
    await shopify('orders/create', body);
    expect((await orderOf(`shopify-lamps-${digits}`)).data.customer.id).toBe('9007199254740993');
  });

  it('ignores a topic header that its body contradicts', async () => {
    const { now, id } = newOrder();
    await shopify('orders/create', now());
    for (const topic of ['orders/paid', 'orders/fulfilled', 'orders/cancelled']) await shopify(topic, now());
    expect(await statusOf(id)).toBe('pending');
  });
});
