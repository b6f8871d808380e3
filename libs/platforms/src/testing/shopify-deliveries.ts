import { createHmac } from 'node:crypto';
import type { WebhookRequest } from '../platform-adapter';

/** Bodies as Shopify documents them for its order and refund webhooks, with invented people and goods. */
export const buildOrder = (overrides: object = {}): Record<string, unknown> => ({
  id: 5001,
  admin_graphql_api_id: 'gid://shopify/Order/5001',
  name: '#1007',
  order_number: 1007,
  created_at: '2026-02-03T09:15:00-05:00',
  updated_at: '2026-02-03T09:20:30-05:00',
  processed_at: '2026-02-03T09:14:58-05:00',
  cancelled_at: null,
  cancel_reason: null,
  currency: 'CAD',
  presentment_currency: 'CAD',
  total_price: '64.29',
  subtotal_price: '54.00',
  total_discounts: '6.00',
  total_tax: '5.29',
  total_shipping_price_set: {
    shop_money: { amount: '5.00', currency_code: 'CAD' },
    presentment_money: { amount: '5.00', currency_code: 'CAD' },
  },
  financial_status: 'pending',
  fulfillment_status: null,
  contact_email: 'mira@example.com',
  email: 'mira@example.com',
  phone: null,
  customer_locale: 'fr-CA',
  source_name: 'web',
  tags: 'gift, first-order',
  note: 'Please ring twice',
  test: false,
  token: 'canary-order-token',
  checkout_token: 'canary-checkout-token',
  cart_token: 'canary-cart-token',
  browser_ip: '203.0.113.9',
  order_status_url: 'https://lamps.example/1/orders/x/authenticate?key=canary-status-key',
  client_details: { user_agent: 'canary-agent' },
  payment_gateway_names: ['canary-gateway'],
  note_attributes: [{ name: 'canary-attribute', value: '1' }],
  line_items: [
    { id: 71, variant_id: 81, sku: 'LAMP-1', name: 'Lamp - brass', title: 'Lamp', quantity: 2, price: '25.00' },
    { id: 72, variant_id: 82, sku: '', name: 'Bulb', title: 'Bulb', quantity: 1, price: '10.00' },
    { id: 73, variant_id: null, sku: null, name: null, title: 'Gift wrap', quantity: 1, price: '0.00' },
  ],
  customer: {
    id: 9001,
    email: 'mira@example.com',
    first_name: 'Mira',
    last_name: 'Okoye',
    phone: '+15145550100',
    state: 'enabled',
  },
  shipping_address: {
    first_name: 'Mira',
    last_name: 'Okoye',
    name: 'Mira Okoye',
    company: null,
    address1: '12 Rue des Lilas',
    address2: 'Apt 3',
    city: 'Montréal',
    zip: 'H2X 1Y4',
    province: 'Quebec',
    province_code: 'QC',
    country: 'Canada',
    country_code: 'CA',
    phone: null,
    latitude: 45.5,
    longitude: -73.6,
  },
  billing_address: {
    name: 'M. Okoye',
    address1: '1 Main St',
    city: 'Ottawa',
    zip: 'K1A 0A1',
    country: 'Canada',
    country_code: 'CA',
  },
  fulfillments: [],
  refunds: [],
  ...overrides,
});

export const buildRefund = (overrides: object = {}): Record<string, unknown> => ({
  id: 6001,
  order_id: 5001,
  created_at: '2026-02-05T12:00:00-05:00',
  processed_at: '2026-02-05T12:00:00-05:00',
  note: 'One bulb was broken',
  user_id: 1,
  restock: false,
  refund_line_items: [
    {
      id: 61,
      line_item_id: 72,
      quantity: 1,
      restock_type: 'no_restock',
      subtotal: '10.00',
      total_tax: '1.00',
      line_item: { id: 72, variant_id: 82, sku: '', name: 'Bulb', price: '10.00', quantity: 1 },
    },
  ],
  transactions: [
    {
      id: 62,
      kind: 'refund',
      status: 'success',
      amount: '11.00',
      currency: 'CAD',
      gateway: 'canary-gateway',
      receipt: { card: 'canary-card' },
    },
    { id: 63, kind: 'refund', status: 'failure', amount: '11.00', currency: 'CAD', gateway: 'canary-gateway' },
  ],
  order_adjustments: [],
  ...overrides,
});

export const appSecret = 'shpss_made_up_for_tests';

/** A request as Shopify sends it. A header that is undefined is omitted. */
export function buildRequest(
  body: object | string,
  topic = 'orders/create',
  { secret = appSecret, headers = {} }: { secret?: string; headers?: Record<string, string | undefined> } = {},
): WebhookRequest {
  const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const all: Record<string, string | undefined> = {
    'content-type': 'application/json',
    'x-shopify-topic': topic,
    'x-shopify-shop-domain': 'lamps.myshopify.com',
    'x-shopify-hmac-sha256': createHmac('sha256', secret).update(rawBody).digest('base64'),
    'x-shopify-event-id': '98880550-7158-44d4-b7cd-2c97c8a091b5',
    'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
    'x-shopify-triggered-at': '2026-02-03T14:20:31.123456789Z',
    'x-shopify-api-version': '2026-01',
    ...headers,
  };
  return { rawBody, headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) };
}
