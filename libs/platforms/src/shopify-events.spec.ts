import { OrderEvent, type OrderSnapshot } from '@orderly/contracts';
import fc from 'fast-check';
import { buildOrder, buildRefund } from './testing/shopify-deliveries';
import type { EventMapping } from './platform-adapter';
import { shopify } from './shopify';

const map = (topic: string, body: object | string): EventMapping =>
  shopify.toEvents({
    topic,
    sender: 'shopify:lamps',
    deliveryKey: 'k',
    rawBody: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

function eventsOf(topic: string, body: object | string): readonly OrderEvent[] {
  const mapping = map(topic, body);
  if (!mapping.ok) throw new Error(JSON.stringify(mapping.refusal));
  return mapping.events;
}

const created = (overrides: object = {}): OrderSnapshot =>
  eventsOf('orders/create', buildOrder(overrides))[0]!.data as OrderSnapshot;

const topics = ['orders/create', 'orders/updated', 'orders/paid', 'orders/fulfilled', 'orders/cancelled', 'refunds/create'];

describe('shopify.toEvents', () => {
  it('dates a creation before an update in the same second', () => {
    const order = buildOrder({ updated_at: buildOrder().created_at });
    const [creation, update] = [eventsOf('orders/create', order)[0]!, eventsOf('orders/updated', order)[0]!];
    expect(creation.occurredAt < update.occurredAt).toBe(true);
  });

  it('maps orders/create to order.created with the whole snapshot', () => {
    expect(eventsOf('orders/create', buildOrder())).toEqual([
      {
        id: 'orders/create:5001',
        source: 'shopify:lamps',
        orderId: 'shopify-lamps-5001',
        type: 'order.created',
        occurredAt: '2026-02-03T14:14:59.999Z',
        data: {
          currency: 'CAD',
          totalMinor: 6429,
          lines: [
            { sku: 'LAMP-1', name: 'Lamp - brass', quantity: 2, unitPriceMinor: 2500 },
            { sku: 'variant-82', name: 'Bulb', quantity: 1, unitPriceMinor: 1000 },
            { sku: 'line-73', name: 'Gift wrap', quantity: 1, unitPriceMinor: 0 },
          ],
          customer: { id: '9001', email: 'mira@example.com', phone: '+15145550100', name: 'Mira Okoye', locale: 'fr-CA' },
          shippingAddress: {
            name: 'Mira Okoye',
            address1: '12 Rue des Lilas',
            address2: 'Apt 3',
            city: 'Montréal',
            zip: 'H2X 1Y4',
            province: 'Quebec',
            province_code: 'QC',
            country: 'Canada',
            country_code: 'CA',
          },
          billingAddress: {
            name: 'M. Okoye',
            address1: '1 Main St',
            city: 'Ottawa',
            zip: 'K1A 0A1',
            country: 'Canada',
            country_code: 'CA',
          },
          metadata: {
            orderName: '#1007',
            orderNumber: '1007',
            sourceName: 'web',
            tags: 'gift, first-order',
            note: 'Please ring twice',
            financialStatus: 'pending',
            subtotalMinor: 5400,
            discountMinor: 600,
            taxMinor: 529,
            shippingMinor: 500,
          },
        },
      },
    ]);
  });

  it.each(topics)('keeps no token, payment detail or IP address from %s', (topic) => {
    const body = topic === 'refunds/create' ? buildRefund() : buildOrder({ refunds: [buildRefund()] });
    expect(JSON.stringify(eventsOf(topic, body))).not.toMatch(/canary|203\.0\.113/);
  });

  it('maps orders/updated to a patch that removes fields which the order no longer has', () => {
    const [event] = eventsOf(
      'orders/updated',
      buildOrder({ note: null, tags: '', shipping_address: null, phone: null, customer: null }),
    );
    expect(event).toMatchObject({
      id: 'orders/updated:5001:2026-02-03T14:20:30.000Z',
      type: 'order.updated',
      occurredAt: '2026-02-03T14:20:30.000Z',
      data: { totalMinor: 6429, shippingAddress: null, customer: { phone: null }, metadata: { note: null, tags: null } },
    });
    expect(event!.data).not.toHaveProperty('customer.id');
  });

  it.each([
    ['orders/paid', { financial_status: 'paid' }, 'order.status_changed', 'confirmed', '2026-02-03T14:20:30.000Z'],
    ['orders/paid', { financial_status: 'partially_refunded' }, 'order.status_changed', 'confirmed', '2026-02-03T14:20:30.000Z'],
    [
      'orders/fulfilled',
      { fulfillment_status: 'fulfilled', fulfillments: [{ created_at: '2026-02-03T09:20:00-05:00' }, { created_at: 'soon' }] },
      'order.status_changed',
      'shipped',
      '2026-02-03T14:20:00.000Z',
    ],
    ['orders/fulfilled', { fulfillment_status: 'fulfilled' }, 'order.status_changed', 'shipped', '2026-02-03T14:20:30.000Z'],
  ])('maps %s with %j to a status change at the time it occurred', (topic, overrides, type, status, occurredAt) => {
    expect(eventsOf(topic, buildOrder(overrides))).toEqual([
      { id: `${topic}:5001`, source: 'shopify:lamps', orderId: 'shopify-lamps-5001', type, occurredAt, data: { status } },
    ]);
  });

  it('maps orders/cancelled to order.cancelled with the reason', () => {
    const body = buildOrder({ cancelled_at: '2026-02-03T09:18:00-05:00', cancel_reason: 'inventory' });
    expect(eventsOf('orders/cancelled', body)).toEqual([
      {
        id: 'orders/cancelled:5001',
        source: 'shopify:lamps',
        orderId: 'shopify-lamps-5001',
        type: 'order.cancelled',
        occurredAt: '2026-02-03T14:18:00.000Z',
        data: { reason: 'inventory' },
      },
    ]);
  });

  it.each([
    ['orders/cancelled', { cancelled_at: null }],
    ['orders/paid', { financial_status: 'pending' }],
    ['orders/paid', { financial_status: { toString: 'paid' } }],
    ['orders/fulfilled', { fulfillment_status: 'partial' }],
    ['orders/fulfilled', { fulfillment_status: null }],
  ])('maps %s as an update if its body has %j, because the topic is not signed', (topic, overrides) => {
    const body = buildOrder(overrides);
    expect(eventsOf(topic, body)).toEqual(eventsOf('orders/updated', body));
  });

  it('maps a full refund to the status refunded, once and at the time of the last refund', () => {
    const refunds = [buildRefund(), buildRefund({ id: 6002, created_at: '2026-02-06T08:00:00-05:00' })];
    const at = (updated_at: string): OrderEvent =>
      eventsOf('orders/updated', buildOrder({ updated_at, financial_status: 'refunded', refunds }))[1]!;
    expect(at('2026-02-06T08:00:01-05:00')).toMatchObject({
      id: 'orders/refunded:5001',
      type: 'order.status_changed',
      occurredAt: '2026-02-06T13:00:00.000Z',
      data: { status: 'refunded' },
    });
    expect(at('2026-02-09T08:00:00-05:00')).toEqual(at('2026-02-06T08:00:01-05:00'));
  });

  it('does not end a partially refunded order', () => {
    const body = buildOrder({ financial_status: 'partially_refunded', refunds: [buildRefund()] });
    expect(eventsOf('orders/updated', body).map(({ type }) => type)).toEqual(['order.updated']);
    expect(eventsOf('refunds/create', buildRefund()).map(({ type }) => type)).toEqual(['order.updated']);
  });

  it('adds a refund to its order with the amounts that were really refunded', () => {
    expect(eventsOf('refunds/create', buildRefund())).toEqual([
      {
        id: 'refund:6001',
        source: 'shopify:lamps',
        orderId: 'shopify-lamps-5001',
        type: 'order.updated',
        occurredAt: '2026-02-05T16:59:59.999Z',
        data: {
          metadata: {
            refunds: {
              '6001': {
                at: '2026-02-05T12:00:00-05:00',
                note: 'One bulb was broken',
                amounts: [{ amountMinor: 1100, currency: 'CAD' }],
                lines: [{ sku: 'variant-82', quantity: 1 }],
              },
            },
          },
        },
      },
    ]);
  });

  it('dates an update with all refunds after each single refund, so none is lost in any order', () => {
    const refunds = [buildRefund(), buildRefund({ id: 6002 })];
    const update = eventsOf('orders/updated', buildOrder({ updated_at: '2026-02-05T12:00:00-05:00', refunds }))[0]!;
    for (const refund of refunds) {
      const note = eventsOf('refunds/create', refund)[0]!;
      expect(update).toMatchObject({ data: note.data });
      expect(note.occurredAt < update.occurredAt).toBe(true);
    }
  });

  it.each([
    ['JPY', '1200', '1200.00', 1200],
    ['KWD', '1.234', '1.2340', 1234],
    ['CLF', '1.2345', '1.2345', 12345],
  ])('converts amounts in %s to its minor unit', (currency, total_price, price, expected) => {
    const line_items = [{ id: 1, sku: 's', quantity: 1, price }];
    const money = {
      currency,
      total_price,
      subtotal_price: null,
      total_discounts: null,
      total_tax: null,
      total_shipping_price_set: null,
    };
    expect(created({ ...money, line_items })).toMatchObject({ totalMinor: expected, lines: [{ unitPriceMinor: expected }] });
  });

  it.each([
    [{ total_price: '64.295' }, ['total_price']],
    [{ total_price: 'much' }, ['total_price']],
    [{ total_price: {} }, ['total_price']],
    [{ line_items: [{ id: 1, quantity: 1, price: '0.001' }] }, ['line_items', 0, 'price']],
    [{ currency: 'dollars' }, ['currency']],
    [{ currency: null }, ['currency']],
  ])('refuses the amount %j and returns its position', (overrides, path) => {
    expect(map('orders/create', buildOrder(overrides))).toMatchObject({ ok: false, refusal: { faults: [{ path }] } });
  });

  it('keeps every digit of ids beyond 2^53', () => {
    const body = JSON.stringify(buildOrder({ admin_graphql_api_id: undefined, customer: { id: 0 } }))
      .replace('"id":5001', '"id":820982911946154509')
      .replace('"customer":{"id":0}', '"customer":{"id":115310627314723957}');
    expect(eventsOf('orders/create', body)[0]).toMatchObject({
      id: 'orders/create:820982911946154509',
      orderId: 'shopify-lamps-820982911946154509',
      data: { customer: { id: '115310627314723957' } },
    });
  });

  it('gives a guest an id from the order and the name of the billing address', () => {
    expect(created({ customer: null }).customer).toEqual({
      id: 'guest-5001',
      email: 'mira@example.com',
      name: 'M. Okoye',
      locale: 'fr-CA',
    });
  });

  it.each([
    ['an invalid e-mail address', { contact_email: 'nobody', email: null, customer: { id: 1 } }, { id: '1' }],
    [
      'an e-mail address that is too long',
      { contact_email: null, email: `${'x'.repeat(400)}@b.example`, customer: { id: 1 } },
      { id: '1' },
    ],
    ['an invalid first of two e-mail addresses', { contact_email: 'nobody' }, { email: 'mira@example.com' }],
    ['a phone number that is too long', { phone: '1'.repeat(51) }, { phone: '+15145550100' }],
    ['a locale that is too long', { customer_locale: 'x'.repeat(36), customer: { id: 1 } }, { id: '1' }],
  ])('accepts an order with %s', (_what, overrides, customer) => {
    expect(created(overrides).customer).toMatchObject(customer);
  });

  it('accepts an order with long or unstorable text, which it shortens or replaces', () => {
    const line_items = [{ id: 1, sku: 's'.repeat(300), name: `${'n'.repeat(499)}📦`, quantity: 1, price: '1' }];
    const order = created({
      line_items,
      note: 'a\0b\ud83d',
      tags: 't'.repeat(5000),
      shipping_address: { city: 'c'.repeat(600) },
    });
    expect(order.lines?.[0]).toMatchObject({ sku: 's'.repeat(200), name: 'n'.repeat(499) });
    expect(order.metadata).toMatchObject({ note: 'a\ufffdb\ufffd', tags: 't'.repeat(1000) });
    expect(order.shippingAddress).toEqual({ city: 'c'.repeat(500) });
  });

  it.each(['products/update', 'orders/edited', 'app/uninstalled', '__proto__'])(
    'maps the unused topic %s to no events',
    (topic) => {
      expect(map(topic, 'not even JSON')).toEqual({ ok: true, events: [] });
    },
  );

  it.each(topics)('maps a repeated body under %s to the same ids, so nothing happens twice', (topic) => {
    const body = topic === 'refunds/create' ? buildRefund() : buildOrder();
    expect(map(topic, body)).toEqual(map(topic, body));
  });

  it.each([
    ['a refund', 'orders/create', buildRefund()],
    ['an order', 'refunds/create', buildOrder()],
    ['a draft', 'orders/create', buildOrder({ admin_graphql_api_id: 'gid://shopify/DraftOrder/5001' })],
    ['an order cut down to some fields', 'orders/updated', buildOrder({ line_items: undefined })],
    ['a checkout', 'orders/create', buildOrder({ financial_status: undefined, admin_graphql_api_id: undefined })],
    ['an order without an id', 'orders/create', buildOrder({ id: null })],
    ['an order with an invalid id', 'orders/create', buildOrder({ id: '1/../2' })],
    ['an order without a time', 'orders/create', buildOrder({ created_at: null })],
    ['an order with an invalid time', 'orders/updated', buildOrder({ updated_at: '-271821-04-20T00:00:00Z' })],
    ['1,001 lines', 'orders/create', buildOrder({ line_items: Array(1001).fill({ id: 1, quantity: 1, price: '1' }) })],
    ['a list', 'orders/create', []],
    ['text that is not JSON', 'orders/create', '{"id":5001'],
    ['unbounded nesting', 'orders/create', '['.repeat(200_000) + ']'.repeat(200_000)],
    ['a member named __proto__', 'orders/create', '{"__proto__":{"id":5001}}'],
  ])('refuses %s under %s', (_what, topic, body) => {
    expect(map(topic, body)).toMatchObject({ ok: false, refusal: { code: 'validation-failed' } });
  });

  it('never throws for any signed JSON, and maps only to events that the contract accepts', () => {
    const mutated = fc
      .tuple(
        fc.constantFrom<object>(buildOrder({ refunds: [buildRefund()], fulfillments: [{ created_at: 1 }] }), buildRefund()),
        fc.string(),
      )
      .chain(([body]) => fc.tuple(fc.constant(body), fc.constantFrom(...Object.keys(body)), fc.jsonValue({ maxDepth: 3 })))
      .map(([body, key, value]) => ({ ...body, [key]: value }));
    fc.assert(
      fc.property(fc.constantFrom(...topics), fc.oneof(fc.jsonValue(), mutated), (topic, body) => {
        const mapping = map(topic, JSON.stringify(body));
        if (mapping.ok)
          for (const event of mapping.events) expect(OrderEvent.parse(JSON.parse(JSON.stringify(event)))).toEqual(event);
      }),
      { numRuns: 1500 },
    );
  });
});
