import { appSecret, buildOrder } from '@orderly/platforms/testing';
import { eventually } from '@orderly/testing';
import { gzipSync } from 'node:zlib';
import { event, startGateway, type Answer, type TestGateway } from './gateway';
import {
  countsOf,
  deliver,
  oldAppSecret,
  shopifyDelivery,
  standardDelivery,
  standardSecret,
  webhookConfig,
  without,
  type Delivery,
} from './webhook-deliveries';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway({}, webhookConfig);
});
afterAll(() => gateway.stop());

const post = (delivery: Delivery): Promise<Answer> => deliver(gateway, delivery);
let lastOrder = 700_000;
const newOrder = (overrides: object = {}): Record<string, unknown> => {
  const id = ++lastOrder;
  return buildOrder({ id, admin_graphql_api_id: `gid://shopify/Order/${id}`, ...overrides });
};

const refusal = { status: 401, code: 'signature-invalid' };
const expectRefused = async (delivery: Delivery, expected: { status: number; code: string } = refusal): Promise<Answer> => {
  const before = await countsOf(gateway);
  const answer = await post(delivery);
  expect(answer).toMatchObject({ status: expected.status, body: expected });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(await countsOf(gateway)).toEqual(before);
  return answer;
};

describe('a genuine delivery', () => {
  it('gets 200 without a key after its event and job are in the ledger and handed over', async () => {
    const order = newOrder();
    const { status, body } = await post(shopifyDelivery(order));
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        duplicate: false,
        events: [
          {
            eventId: expect.any(String),
            id: `orders/create:${String(order['id'])}`,
            orderId: `shopify-lamps-${String(order['id'])}`,
            status: 'accepted',
          },
        ],
      },
    });
    const id: unknown = body.events[0].eventId;
    expect(await gateway.db.query('select * from events where event_id = $1', [id])).toMatchObject([
      { actor: 'webhook shopify', api_key_id: null, on_behalf_of: 'shopify:lamps', source: 'shopify:lamps', manual: false },
    ]);
    expect(await gateway.db.query('select state from jobs where id = $1', [id])).toEqual([{ state: 'runnable' }]);
    await eventually(() => expect(gateway.relayed).toContainEqual(expect.objectContaining({ id })));
  });

  it('is an event of its own source if it comes over Standard Webhooks', async () => {
    const answer = await post(standardDelivery(event('standard-1')));
    expect(answer).toMatchObject({
      status: 200,
      body: { duplicate: false, events: [{ id: 'standard-1', orderId: 'standard-1' }] },
    });
    expect((await gateway.get('/v1/events/shop/standard-1')).body).toMatchObject({ source: 'shop', orderId: 'standard-1' });
  });

  it('is accepted with either secret during a rotation', async () => {
    for (const secret of [oldAppSecret, appSecret]) {
      expect(await post(shopifyDelivery(newOrder(), 'orders/create', { secret }))).toMatchObject({ status: 200 });
    }
    await expectRefused(shopifyDelivery(newOrder(), 'orders/create', { secret: 'shpss_made_up_and_older' }));
  });

  it.each(['text/plain', 'application/json; charset=utf-8', 'application/x-www-form-urlencoded', undefined])(
    'is accepted with any content type of the platform: %s',
    async (type) => {
      expect(await post(shopifyDelivery(newOrder(), 'orders/create', { headers: { 'content-type': type } }))).toMatchObject({
        status: 200,
        body: { duplicate: false },
      });
    },
  );

  it('continues the trace of its request', async () => {
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const { body } = await post(standardDelivery(event('standard-traced'), { headers: { traceparent } }));
    expect(await gateway.db.query('select traceparent from jobs where id = $1', [body.events[0].eventId])).toEqual([
      { traceparent },
    ]);
  });

  it('gets 200 and stores nothing if its topic is unused', async () => {
    const before = await countsOf(gateway);
    for (const topic of ['products/update', 'app/uninstalled', 'orders/create/not']) {
      expect(await post(shopifyDelivery({ id: 1 }, topic))).toMatchObject({
        status: 200,
        body: { duplicate: false, events: [] },
      });
    }
    expect(await countsOf(gateway)).toEqual(before);
  });
});

describe('an unauthenticated delivery', () => {
  it('is refused if one byte of its body differs, with the challenge that a 401 needs', async () => {
    const delivery = shopifyDelivery(newOrder());
    const body = delivery.body.slice();
    body[body.indexOf('"'.charCodeAt(0), 200) + 1]! ^= 1;
    const answer = await expectRefused({ ...delivery, body });
    expect(answer.headers.get('www-authenticate')).toBe('Signature');
    expect(answer.body).toMatchObject({ detail: 'X-Shopify-Hmac-Sha256 does not match the body', traceId: expect.any(String) });
  });

  it.each(['x-shopify-hmac-sha256', 'x-shopify-topic', 'x-shopify-shop-domain'])('is refused without %s', (name) =>
    expectRefused(without(shopifyDelivery(newOrder()), name)).then(() => undefined),
  );

  it('is refused without an id to recognise duplicates by', async () => {
    await expectRefused(without(shopifyDelivery(newOrder()), 'x-shopify-event-id', 'x-shopify-webhook-id'));
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('is refused without %s', (name) =>
    expectRefused(without(standardDelivery(event('unsigned')), name)).then(() => undefined),
  );

  it.each([
    ['shopify', (): Delivery => ({ platform: 'shopify', headers: {}, body: new Uint8Array() })],
    ['standard', (): Delivery => ({ platform: 'standard', headers: {}, body: new Uint8Array() })],
    ['shopify, signed for standard', (): Delivery => ({ ...standardDelivery(event('mixed')), platform: 'shopify' })],
    ['standard, signed for shopify', (): Delivery => ({ ...shopifyDelivery(newOrder()), platform: 'standard' })],
  ])('is refused if empty or signed for another platform: %s', (_, build) => expectRefused(build()).then(() => undefined));

  it('is refused outside the replay window and accepted inside', async () => {
    const ago = (ms: number): Date => new Date(Date.now() - ms);
    await expectRefused(standardDelivery(event('late'), { at: ago(5 * 60_000 + 2000) }));
    await expectRefused(standardDelivery(event('early'), { at: ago(-5 * 60_000 - 2000) }));
    expect(await post(standardDelivery(event('just-in-time'), { at: ago(4 * 60_000) }))).toMatchObject({ status: 200 });
    const triggered = (ms: number): { headers: Record<string, string> } => ({
      headers: { 'x-shopify-triggered-at': ago(ms).toISOString() },
    });
    await expectRefused(shopifyDelivery(newOrder(), 'orders/create', triggered(49 * 3_600_000)));
    expect(await post(shopifyDelivery(newOrder(), 'orders/create', triggered(47 * 3_600_000)))).toMatchObject({ status: 200 });
  });

  it('is refused for its signature first, whatever else is wrong', async () => {
    const signed = standardDelivery(event('encoded'));
    const headers = { ...signed.headers, 'content-encoding': 'gzip' };
    await expectRefused({ ...signed, headers, body: new Uint8Array(gzipSync(signed.body)) });
    await expectRefused({ ...signed, body: new TextEncoder().encode('{') });
  });
});

describe('a genuine but unusable delivery', () => {
  it.each([
    ['text that is not JSON', 'not json'],
    ['an empty body', ''],
    ['null', 'null'],
    ['a list', '[]'],
    ['unfinished JSON', '{"a":'],
    ['very deep nesting', '['.repeat(500_000)],
    ['a body that contradicts its topic', '{"id":7}'],
    ['__proto__', '{"__proto__":{"id":1},"id":5}'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1')],
  ])('is refused with 422: %s', async (_, body) => {
    await expectRefused(shopifyDelivery(body), { status: 422, code: 'validation-failed' });
    await expectRefused(standardDelivery(body), { status: 422, code: 'validation-failed' });
  });

  it('gets a pointer to the fault, without a quote of the body', async () => {
    const answer = await expectRefused(shopifyDelivery(newOrder({ total_price: 'canary-price' })), {
      status: 422,
      code: 'validation-failed',
    });
    expect(answer.body.errors).toEqual([{ pointer: '#/total_price', detail: expect.any(String) }]);
    expect(JSON.stringify(answer.body)).not.toContain('canary');
  });

  it('is refused with 415 if compressed, even with a valid signature', async () => {
    const delivery = standardDelivery(gzipSync(JSON.stringify(event('zipped'))), { headers: { 'content-encoding': 'gzip' } });
    await expectRefused(delivery, { status: 415, code: 'unsupported-media-type' });
  });

  it('is refused with 413 beyond 1.5 MB, or when its event has more than 256 KiB', async () => {
    const tooLarge = { status: 413, code: 'payload-too-large' };
    await expectRefused(standardDelivery(event('huge', { filler: 'x'.repeat(1_500_000) })), tooLarge);
    const metadata = { note: 'x'.repeat(300_000) };
    await expectRefused(standardDelivery(event('big', { data: { customer: { id: 'c-1' }, metadata } })), tooLarge);
  });

  it('is accepted with almost 1.5 MB of unused fields', async () => {
    const order = newOrder({ note_attributes: [{ name: 'filler', value: 'x'.repeat(1_480_000) }] });
    expect(await post(shopifyDelivery(order))).toMatchObject({ status: 200, body: { duplicate: false } });
  });
});

describe('the path of a webhook', () => {
  it.each(['woocommerce', 'Shopify', '__proto__', 'constructor', 'toString', '%00', 'x'.repeat(1500)])(
    'is not found for a platform that does not exist: %s',
    async (platform) => {
      const delivery = shopifyDelivery(newOrder());
      expect(await post({ ...delivery, platform })).toMatchObject({ status: 404, body: { code: 'not-found' } });
    },
  );

  it('is not found for a platform that is not set up', async () => {
    const other = await startGateway({}, { webhookSecrets: { standard: [standardSecret] } });
    expect(await deliver(other, shopifyDelivery(newOrder()))).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await deliver(other, standardDelivery(event('set-up')))).toMatchObject({ status: 200 });
    await other.stop();
  });

  it('supports only POST', async () => {
    const answer = await gateway.get('/v1/webhooks/shopify');
    expect(answer).toMatchObject({ status: 405, body: { code: 'method-not-allowed' } });
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('accepts only the served shops, if a list is set', async () => {
    const chairs = await startGateway({}, { ...webhookConfig, shopifyShops: { names: ['chairs'] } });
    expect(await deliver(chairs, shopifyDelivery(newOrder()))).toMatchObject({
      status: 401,
      body: { code: 'signature-invalid' },
    });
    const headers = { 'x-shopify-shop-domain': 'Chairs.myshopify.com' };
    const answer = await deliver(chairs, shopifyDelivery(newOrder({ id: 9 }), 'orders/create', { headers }));
    expect(answer).toMatchObject({ status: 422 });
    const order = newOrder();
    expect(await deliver(chairs, shopifyDelivery(order, 'orders/create', { headers }))).toMatchObject({
      status: 200,
      body: { events: [{ orderId: `shopify-chairs-${String(order['id'])}` }] },
    });
    await chairs.stop();
  });
});

it('the log says why deliveries are refused, without secrets, signatures or bodies', () => {
  const lines = gateway.logLines.join('');
  expect(lines).toContain('X-Shopify-Hmac-Sha256 does not match the body');
  expect(lines).toContain('they cannot be mapped to order events');
  for (const secret of [appSecret, oldAppSecret, standardSecret, standardSecret.slice(6)]) expect(lines).not.toContain(secret);
  expect(lines).not.toMatch(/canary|mira@example|v1,/);
});
