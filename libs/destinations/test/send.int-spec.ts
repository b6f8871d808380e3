import { channel } from 'node:diagnostics_channel';
import { Webhook } from 'standardwebhooks';
import { createDestinationClient, deliveryKey, type DestinationClient } from '../src';
import { answerWith, declareDestination, someOrder, startPartner, type Partner, type Received } from './partner';

const secrets = [1, 2].map((fill) => `whsec_${Buffer.alloc(32, fill).toString('base64')}`);
const key = deliveryKey({ destination: 'erp', orderId: 'o-1', version: 3, epoch: 0 });
const signal = new AbortController().signal;

let partner: Partner;
const clients: DestinationClient[] = [];

const connect = (
  settings: Record<string, unknown> = {},
  deps = {},
  url = `${partner.url}/orders/{orderId}`,
): DestinationClient => {
  const client = createDestinationClient(declareDestination(url, settings), deps);
  clients.push(client);
  return client;
};

const onlyRequest = (): Received => {
  expect(partner.received).toHaveLength(1);
  return partner.received[0]!;
};

beforeEach(async () => {
  partner = await startPartner();
});

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await partner.stop();
});

describe('send', () => {
  it('sends the envelope with the key as idempotency key and webhook id', async () => {
    await connect({}, { now: () => 1_767_323_045_999 }).send({ order: someOrder, key, signal });
    const { method, url, headers, body } = onlyRequest();
    expect([method, url]).toEqual(['PUT', '/orders/o-1']);
    expect(headers).toMatchObject({
      'idempotency-key': key,
      'webhook-id': key,
      'webhook-timestamp': '1767323045',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
    });
    expect(headers).not.toHaveProperty('webhook-signature');
    expect(headers).not.toHaveProperty('authorization');
    expect(JSON.parse(body)).toMatchObject({
      type: 'order.snapshot',
      data: { orderId: 'o-1', version: 3, order: { customer: { name: 'Zoë' } } },
    });
  });

  it('signs with each secret, so that a receiver with the old or the new one verifies it', async () => {
    await connect({ signing: { secrets } }).send({ order: someOrder, key, signal });
    const { headers, body } = onlyRequest();
    expect(String(headers['webhook-signature']).split(' ')).toHaveLength(2);
    for (const secret of secrets) {
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
    }
    const stranger = new Webhook(`whsec_${Buffer.alloc(32, 3).toString('base64')}`);
    expect(() => stranger.verify(body, headers as Record<string, string>)).toThrow('No matching signature');
  });

  it('sends identical bytes under the same key in every try, with a fresh signature', async () => {
    let nowMs = 1_767_323_045_000;
    const client = connect({ signing: { secrets } }, { now: () => nowMs });
    partner.answer(answerWith(500), answerWith(200));
    await expect(client.send({ order: someOrder, key, signal })).rejects.toMatchObject({ code: 'destination-failed' });
    nowMs += 60_000;
    await client.send({ order: { ...someOrder, data: { ...someOrder.data } }, key, signal });
    const [first, second] = partner.received;
    expect(second?.body).toBe(first?.body);
    expect(second?.headers['idempotency-key']).toBe(first?.headers['idempotency-key']);
    expect(Number(second?.headers['webhook-timestamp']) - Number(first?.headers['webhook-timestamp'])).toBe(60);
    expect(second?.headers['webhook-signature']).not.toBe(first?.headers['webhook-signature']);
  });

  it.each([
    [{ type: 'bearer', token: 'abc' }, 'authorization', 'Bearer abc'],
    [
      { type: 'basic', username: 'shop', password: 'p:w' },
      'authorization',
      `Basic ${Buffer.from('shop:p:w').toString('base64')}`,
    ],
    [{ type: 'header', name: 'X-Api-Key', value: 'abc' }, 'x-api-key', 'abc'],
  ])('authenticates with %j', async (auth, header, value) => {
    await connect({ auth }).send({ order: someOrder, key, signal });
    expect(onlyRequest().headers[header]).toBe(value);
  });

  it('sends the headers, method and template of the file', async () => {
    const url = `${partner.url}/hook?order={orderId}`;
    const request = {
      url,
      method: 'POST',
      headers: { 'X-Shop': 'main', 'Content-Type': 'application/x+json' },
      body: { ref: '{{orderId}}' },
    };
    await connect({ request }).send({ order: { ...someOrder, orderId: 'a/b?c&d' }, key, signal });
    expect(onlyRequest()).toMatchObject({
      method: 'POST',
      url: '/hook?order=a%2Fb%3Fc%26d',
      headers: { 'x-shop': 'main', 'content-type': 'application/x+json' },
      body: '{"ref":"a/b?c&d"}',
    });
  });

  it.each(['.', '..'])('sends nothing for the order id %j, which would lead to another resource', async (orderId) => {
    const sending = connect().send({ order: { ...someOrder, orderId }, key, signal });
    await expect(sending).rejects.toMatchObject({ code: 'destination-refused' });
    expect(partner.received).toHaveLength(0);
  });

  it('sends the trace context, unless an instrumentation does', async () => {
    const headers = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, tracestate: 'x=1' };
    const client = connect();
    await client.send({ order: someOrder, key, signal, headers });
    expect(partner.received[0]?.headers).toMatchObject(headers);

    const instrumentation = (): void => undefined;
    channel('undici:request:create').subscribe(instrumentation);
    await client.send({ order: someOrder, key, signal, headers });
    channel('undici:request:create').unsubscribe(instrumentation);
    expect(partner.received[1]?.headers).not.toHaveProperty('traceparent');
  });

  it('reuses its connection', async () => {
    let connections = 0;
    partner.server.on('connection', () => connections++);
    const client = connect({ concurrency: 1 });
    for (let index = 0; index < 3; index++) await client.send({ order: someOrder, key, signal });
    expect(connections).toBe(1);
  });

  it.each([
    ['a Location', answerWith(201, '{"id": "b"}', { location: '/orders/77' }), '/orders/77'],
    ['an id', answerWith(200, '{"id": 42}'), '42'],
    ['a confirmationId', answerWith(200, '{"id": 42, "confirmationId": "c-7"}'), 'c-7'],
    ['nothing', answerWith(200, 'OK'), undefined],
    ['no text', answerWith(200, '{"id": {"a": 1}}'), undefined],
  ])('returns the confirmation of the partner from %s', async (_, listener, confirmationId) => {
    partner.answer(listener);
    expect((await connect().send({ order: someOrder, key, signal })).confirmationId).toBe(confirmationId);
  });

  it('reads at most 64 kB of an answer, and classifies it by its status', async () => {
    partner.answer((_, response) => {
      response.writeHead(200);
      const write = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
      };
      response.on('drain', write);
      write();
    });
    const result = await connect().send({ order: someOrder, key, signal });
    expect(result).toEqual({ responseStatus: 200, responseExcerpt: 'x'.repeat(2048) });
  });

  it('classifies an answer that breaks off after its status by that status', async () => {
    partner.answer((_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half', () => response.destroy());
    });
    await expect(connect().send({ order: someOrder, key, signal })).resolves.toMatchObject({ responseStatus: 200 });
  });

  it('shows no secret and no personal data of an answer, in results or errors', async () => {
    const auth = { type: 'bearer', token: 'canary-token' };
    const echo = JSON.stringify({
      id: 'canary-token',
      seen: ['Bearer canary-token', secrets[0], 'ana@shop.example', '4111111111111111'],
    });
    partner.answer(answerWith(200, echo), answerWith(400, echo));
    const client = connect({ auth, signing: { secrets } });
    const result = await client.send({ order: someOrder, key, signal });
    const error: unknown = await client.send({ order: someOrder, key, signal }).catch((failure: unknown) => failure);
    for (const shown of [JSON.stringify(result), JSON.stringify(error), String(error)]) {
      for (const hidden of ['canary', secrets[0]!.slice(6), 'ana@', '4111']) expect(shown).not.toContain(hidden);
    }
    expect(result.responseExcerpt).toContain('Bearer [redacted]');
  });
});
