import { appSecret, buildOrder, buildRequest } from './testing/shopify-deliveries';
import type { Verification, WebhookRequest } from './platform-adapter';
import { shopify } from './shopify';

const triggeredAt = new Date('2026-02-03T14:20:31.123Z');
const now = new Date('2026-02-03T14:20:32Z');
const verify = (request: WebhookRequest, secrets: readonly string[] = [appSecret], at = now): Verification =>
  shopify.verify(request, secrets, at);
const reasonOf = (verification: Verification): string => (verification.ok ? 'verified' : verification.refusal.reason);

describe('shopify.verify', () => {
  it('tells who sent a delivery, its topic and its duplicate key, and hands on the bytes that were signed', () => {
    const request = buildRequest(buildOrder(), 'orders/paid');
    expect(verify(request)).toEqual({
      ok: true,
      delivery: {
        deliveryKey: 'orders/paid:98880550-7158-44d4-b7cd-2c97c8a091b5',
        sender: 'shopify:lamps',
        topic: 'orders/paid',
        rawBody: request.rawBody,
      },
    });
  });

  it('keeps deliveries of two topics apart that share an event id', () => {
    const keys = ['orders/paid', 'orders/updated'].map((topic) => {
      const verification = verify(buildRequest(buildOrder(), topic));
      return verification.ok && verification.delivery.deliveryKey;
    });
    expect(new Set(keys).size).toBe(2);
  });

  it('takes the webhook id for the duplicate key where there is no event id', () => {
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-event-id': undefined } }))).toMatchObject({
      delivery: { deliveryKey: 'orders/paid:b54557e4-bdd9-4b37-8a5f-bf7d70bcd043' },
    });
  });

  it.each([
    ['the first', [appSecret, 'new']],
    ['the second', ['old', appSecret]],
  ])('takes a delivery that %s of two secrets has signed', (_which, secrets) => {
    expect(verify(buildRequest({}), secrets).ok).toBe(true);
  });

  it.each([
    ['a body of which one byte was changed', (request: WebhookRequest) => ({ ...request, rawBody: Buffer.from('{"id":2}') })],
    [
      'a body that was parsed and written again',
      (request: WebhookRequest) => ({ ...request, rawBody: Buffer.from('{"id": 1}') }),
    ],
    ['a truncated signature', (request: WebhookRequest) => withSignature(request, (signature) => signature.slice(0, -4))],
    ['a longer signature', (request: WebhookRequest) => withSignature(request, (signature) => `${signature}AAAA`)],
    [
      'a signature in hexadecimal',
      (request: WebhookRequest) => withSignature(request, (signature) => Buffer.from(signature, 'base64').toString('hex')),
    ],
    ['the signature twice', (request: WebhookRequest) => withSignature(request, (signature) => `${signature}, ${signature}`)],
  ])('refuses %s', (_what, change) => {
    expect(reasonOf(verify(change(buildRequest('{"id":1}'))))).toBe('X-Shopify-Hmac-Sha256 does not fit the body');
  });

  it('refuses what another secret has signed, and everything where no secret is set', () => {
    expect(verify(buildRequest({}, 'orders/paid', { secret: 'another' })).ok).toBe(false);
    expect(verify(buildRequest({}), []).ok).toBe(false);
  });

  it('never takes an empty secret for a key, which anyone could sign with', () => {
    expect(verify(buildRequest({}, 'orders/paid', { secret: '' }), ['', ' ']).ok).toBe(false);
    expect([shopify.secretFault(''), shopify.secretFault('  ')]).toEqual([expect.any(String), expect.any(String)]);
    expect(shopify.secretFault(appSecret)).toBeUndefined();
  });

  it.each([
    ['x-shopify-hmac-sha256', undefined],
    ['x-shopify-hmac-sha256', ''],
    ['x-shopify-topic', undefined],
    ['x-shopify-topic', 'orders'],
    ['x-shopify-topic', 'orders/{paid}'],
    ['x-shopify-topic', `orders/${'x'.repeat(94)}`],
    ['x-shopify-shop-domain', undefined],
    ['x-shopify-shop-domain', 'lamps.example'],
    ['x-shopify-shop-domain', 'lamps.myshopify.com.evil.example'],
    ['x-shopify-shop-domain', 'a/b.myshopify.com'],
    ['x-shopify-shop-domain', `${'x'.repeat(64)}.myshopify.com`],
    ['x-shopify-event-id', 'x'.repeat(201)],
    ['x-shopify-event-id', 'a b'],
  ])('refuses a delivery whose header %s is %.20j, by the name of the header alone', (name, value) => {
    const reason = reasonOf(verify(buildRequest({}, 'orders/paid', { headers: { [name]: value } })));
    expect(reason.toLowerCase()).toContain(name);
    if (value) expect(reason).not.toContain(value);
  });

  it.each([
    ['48 hours old', 48 * 3_600_000, true],
    ['a millisecond older than 48 hours', 48 * 3_600_000 + 1, false],
    ['5 minutes in the future', -5 * 60_000, true],
    ['a millisecond further in the future than 5 minutes', -5 * 60_000 - 1, false],
  ])('judges a delivery that is %s', (_what, ageMs, isTaken) => {
    expect(verify(buildRequest({}), [appSecret], new Date(triggeredAt.getTime() + ageMs)).ok).toBe(isTaken);
  });

  it('takes a delivery that says no time, and refuses one that says no valid one', () => {
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-triggered-at': undefined } })).ok).toBe(true);
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-triggered-at': 'yesterday' } })).ok).toBe(false);
  });
});

function withSignature(request: WebhookRequest, change: (signature: string) => string): WebhookRequest {
  const signature = change(String(request.headers['x-shopify-hmac-sha256']));
  return { ...request, headers: { ...request.headers, 'x-shopify-hmac-sha256': signature } };
}
