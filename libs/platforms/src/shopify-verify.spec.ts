import { appSecret, buildOrder, buildRequest } from './testing/shopify-deliveries';
import type { Verification, WebhookRequest } from './platform-adapter';
import { shopify } from './shopify';

const triggeredAt = new Date('2026-02-03T14:20:31.123Z');
const now = new Date('2026-02-03T14:20:32Z');
const verify = (request: WebhookRequest, secrets: readonly string[] = [appSecret], at = now): Verification =>
  shopify.verify(request, secrets, at);
const reasonOf = (verification: Verification): string => (verification.ok ? 'verified' : verification.refusal.reason);

describe('shopify.verify', () => {
  it('returns sender, topic, duplicate key and the signed bytes of a delivery', () => {
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

  it('gives two topics with the same event id different duplicate keys', () => {
    const keys = ['orders/paid', 'orders/updated'].map((topic) => {
      const verification = verify(buildRequest(buildOrder(), topic));
      return verification.ok && verification.delivery.deliveryKey;
    });
    expect(new Set(keys).size).toBe(2);
  });

  it('uses the webhook id as duplicate key if there is no event id', () => {
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-event-id': undefined } }))).toMatchObject({
      delivery: { deliveryKey: 'orders/paid:b54557e4-bdd9-4b37-8a5f-bf7d70bcd043' },
    });
  });

  it.each([
    ['the first', [appSecret, 'new']],
    ['the second', ['old', appSecret]],
  ])('accepts a delivery signed with %s of two secrets', (_which, secrets) => {
    expect(verify(buildRequest({}), secrets).ok).toBe(true);
  });

  it.each([
    ['a body with one changed byte', (request: WebhookRequest) => ({ ...request, rawBody: Buffer.from('{"id":2}') })],
    [
      'a body that was parsed and serialised again',
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
    expect(reasonOf(verify(change(buildRequest('{"id":1}'))))).toBe('X-Shopify-Hmac-Sha256 does not match the body');
  });

  it('refuses a delivery signed with another secret, and every delivery without secrets', () => {
    expect(verify(buildRequest({}, 'orders/paid', { secret: 'another' })).ok).toBe(false);
    expect(verify(buildRequest({}), []).ok).toBe(false);
  });

  it('refuses an empty secret, because anyone could sign with it', () => {
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
  ])('refuses a delivery whose header %s is %.20j, and names the header but not its value', (name, value) => {
    const reason = reasonOf(verify(buildRequest({}, 'orders/paid', { headers: { [name]: value } })));
    expect(reason.toLowerCase()).toContain(name);
    if (value) expect(reason).not.toContain(value);
  });

  it.each([
    ['48 hours old', 48 * 3_600_000, true],
    ['more than 48 hours old', 48 * 3_600_000 + 1, false],
    ['5 minutes in the future', -5 * 60_000, true],
    ['more than 5 minutes in the future', -5 * 60_000 - 1, false],
  ])('applies the replay window to a delivery that is %s', (_what, ageMs, isTaken) => {
    expect(verify(buildRequest({}), [appSecret], new Date(triggeredAt.getTime() + ageMs)).ok).toBe(isTaken);
  });

  it('accepts a delivery without a time, and refuses one with an invalid time', () => {
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-triggered-at': undefined } })).ok).toBe(true);
    expect(verify(buildRequest({}, 'orders/paid', { headers: { 'x-shopify-triggered-at': 'yesterday' } })).ok).toBe(false);
  });
});

function withSignature(request: WebhookRequest, change: (signature: string) => string): WebhookRequest {
  const signature = change(String(request.headers['x-shopify-hmac-sha256']));
  return { ...request, headers: { ...request.headers, 'x-shopify-hmac-sha256': signature } };
}
