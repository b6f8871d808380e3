import { OrderEvent } from '@orderly/contracts';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import type { EventMapping, Verification, WebhookRequest } from './platform-adapter';
import { standard } from './standard';

const secretOf = (fill: number): string => `whsec_${Buffer.alloc(32, fill).toString('base64')}`;
const secret = secretOf(1);
const sentAt = new Date('2026-02-03T10:00:00Z');

const event = {
  id: 'e1',
  source: 'erp',
  type: 'order.status_changed',
  orderId: 'A-1',
  occurredAt: '2026-02-03T09:59:00.000Z',
  data: { status: 'shipped' },
};

function buildRequest(
  body: unknown = event,
  signedWith = secret,
  headers: Record<string, string | undefined> = {},
): WebhookRequest {
  const rawBody = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const signed = {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(sentAt.getTime() / 1000),
    'webhook-signature': new Webhook(signedWith).sign('msg_1', sentAt, rawBody),
  };
  return { rawBody, headers: { ...signed, ...headers } };
}

const verify = (request: WebhookRequest, secrets = [secret], now = sentAt): Verification =>
  standard.verify(request, secrets, now);

const map = (body: unknown): EventMapping =>
  standard.toEvents({
    topic: 'order-event',
    sender: 'standard',
    deliveryKey: 'k',
    rawBody: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  });

describe('standard.verify', () => {
  it('accepts a delivery signed by the official package, with the webhook-id as duplicate key', () => {
    const request = buildRequest();
    expect(verify(request)).toEqual({
      ok: true,
      delivery: { deliveryKey: 'msg_1', sender: 'standard', topic: 'order-event', rawBody: request.rawBody },
    });
  });

  it('distinguishes bytes that are invalid UTF-8, unlike the official package', () => {
    const request = buildRequest('"\ufffd"');
    expect(verify(request)).toMatchObject({ ok: true });
    expect(verify({ ...request, rawBody: Buffer.from([0x22, 0xff, 0x22]) })).toMatchObject({ ok: false });
  });

  it('accepts the example of the specification', () => {
    const request = {
      rawBody: Buffer.from('{"test": 2432232314}'),
      headers: {
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      },
    };
    const published = ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'];
    expect(verify(request, published, new Date(1614265330_000)).ok).toBe(true);
  });

  it('accepts a delivery signed with either of two secrets, or with both', () => {
    const [old, next] = [secretOf(2), secretOf(3)];
    const both = [old, next].map((key) => buildRequest(event, key).headers['webhook-signature']).join(' ');
    for (const secrets of [
      [old, next],
      [next, old],
    ])
      expect(verify(buildRequest(event, old), secrets).ok).toBe(true);
    for (const key of [old, next])
      expect(verify(buildRequest(event, secret, { 'webhook-signature': both }), [key]).ok).toBe(true);
  });

  it.each<[string, WebhookRequest]>([
    ['a delivery signed with another secret', buildRequest(event, secretOf(9))],
    ['a changed body', { ...buildRequest(), rawBody: Buffer.from(JSON.stringify({ ...event, orderId: 'A-2' })) }],
    ['a body that was serialised again', { ...buildRequest(), rawBody: Buffer.from(JSON.stringify(event, null, 1)) }],
    ['an id that differs from the signed one', buildRequest(event, secret, { 'webhook-id': 'msg_2' })],
    [
      'a time that differs from the signed one',
      buildRequest(event, secret, { 'webhook-timestamp': String(sentAt.getTime() / 1000 + 1) }),
    ],
    ['a truncated signature', buildRequest(event, secret, { 'webhook-signature': 'v1,AAAA' })],
    ['an empty signature', buildRequest(event, secret, { 'webhook-signature': 'v1,' })],
    ['a signature of another scheme', buildRequest(event, secret, { 'webhook-signature': 'v1a,AAAA' })],
  ])('refuses %s', (_what, request) => {
    expect(verify(request)).toMatchObject({ ok: false, refusal: { reason: 'No signature matches the body' } });
  });

  it.each(['webhook-id', 'webhook-timestamp', 'webhook-signature'])('refuses a delivery without %s', (name) => {
    expect(verify(buildRequest(event, secret, { [name]: undefined }))).toMatchObject({
      ok: false,
      refusal: { code: 'signature-invalid' },
    });
  });

  it.each([
    ['5 minutes old', 300_000, true],
    ['more than 5 minutes old', 300_001, false],
    ['5 minutes in the future', -300_000, true],
    ['more than 5 minutes in the future', -300_001, false],
  ])('applies the replay window to a delivery that is %s', (_what, ageMs, isTaken) => {
    expect(verify(buildRequest(), [secret], new Date(sentAt.getTime() + ageMs)).ok).toBe(isTaken);
  });

  it.each(['', 'hush', 'whsec_', 'whsec_AAAA', `whsec_${Buffer.alloc(65).toString('base64')}`, 'whsec_not base64'])(
    'reports the fault of the secret %j and never verifies with it',
    (bad) => {
      expect(standard.secretFault(bad)).toBe('must be whsec_ followed by 24 to 64 random bytes in base64');
      expect(verify(buildRequest(), [bad]).ok).toBe(false);
      expect(verify(buildRequest(), [bad, secret]).ok).toBe(true);
    },
  );

  it('accepts secrets of 24 and of 64 bytes', () => {
    for (const bytes of [24, 64])
      expect(standard.secretFault(`whsec_${Buffer.alloc(bytes, 5).toString('base64')}`)).toBeUndefined();
  });
});

describe('standard.toEvents', () => {
  it('maps an order event as in POST /v1/events and keeps its source', () => {
    expect(map(event)).toEqual({ ok: true, events: [event], asSent: [event] });
  });

  it('maps the order event in a Standard Webhooks envelope', () => {
    const envelope = { type: 'order.status_changed', timestamp: '2026-02-03T10:00:00Z', data: event };
    expect(map(envelope)).toEqual({ ok: true, events: [event], asSent: [event] });
  });

  it.each<[string, unknown]>([
    ['an envelope whose type differs from its event', { type: 'order.created', timestamp: '2026-02-03T10:00:00Z', data: event }],
    ['an envelope without an event', { type: 'invoice.paid', timestamp: '2026-02-03T10:00:00Z', data: { id: 1 } }],
    ['an event without an order id', { ...event, orderId: undefined }],
    ['an event with an unknown member', { ...event, extra: 1 }],
    ['a list of events', [event]],
    ['text that is not JSON', '{"id":'],
    [
      'a number that would be rounded',
      JSON.stringify({ ...event, data: { status: 'shipped', n: 0 } }).replace('"n":0', '"n":9007199254740993'),
    ],
    [
      'a number beyond the range of a double',
      JSON.stringify({ ...event, data: { status: 'shipped', n: 0 } }).replace('"n":0', '"n":1e999'),
    ],
  ])('refuses %s', (_what, body) => {
    expect(map(body)).toMatchObject({ ok: false, refusal: { code: 'validation-failed' } });
  });

  it('refuses invalid UTF-8, which would be stored as a different text', () => {
    const rawBody = Buffer.from(JSON.stringify({ ...event, source: 'erp\u00e9' }), 'latin1');
    expect(standard.toEvents({ topic: 'order-event', sender: 'standard', deliveryKey: 'k', rawBody }).ok).toBe(false);
  });

  it('returns the position of a fault in the event', () => {
    expect(map({ ...event, data: { status: 'lost' } })).toMatchObject({ refusal: { faults: [{ path: ['data', 'status'] }] } });
  });

  it('never throws for any signed JSON, and maps only to events that the contract accepts', () => {
    const body = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.constantFrom(...Object.keys(event)), fc.jsonValue()).map(([key, value]) => ({ ...event, [key]: value })),
      fc.jsonValue().map((data) => ({ type: 'order.created', timestamp: 1, data })),
    );
    fc.assert(
      fc.property(body, (value) => {
        const mapping = map(JSON.stringify(value));
        if (mapping.ok) for (const one of mapping.events) expect(OrderEvent.parse(JSON.parse(JSON.stringify(one)))).toEqual(one);
      }),
      { numRuns: 500 },
    );
  });
});
