import type { KeyedRequest } from '@orderly/ledger';
import type { FastifyRequest } from 'fastify';
import { keyedRequestOf } from './keyed-request';

describe('a request with an Idempotency-Key', () => {
  it('has a scope of API key, method and path', () => {
    expect(read({})?.scope).toBe('api-key POST /v1/orders/a/status');
    expect(read({ orderId: 'b' })?.scope).toBe('api-key POST /v1/orders/b/status');
    expect(read({ apiKeyId: 'other' })?.scope).toBe('other POST /v1/orders/a/status');
  });

  it.each([
    ['a/status', 'a%2Fstatus'],
    ['a POST', 'a%20POST'],
    ['$&', '%24%26'],
    [':orderId', '%3AorderId'],
  ])('has one scope for the order %s, distinct from every other path', (orderId, encoded) => {
    expect(read({ orderId })?.scope).toBe(`api-key POST /v1/orders/${encoded}/status`);
  });

  it('has a fingerprint of its meaning, not of its formatting', () => {
    const fingerprint = (sent: Sent): string | undefined => read(sent)?.fingerprint.toString('hex');
    const one = fingerprint({ body: { a: 1, b: [2] }, labels: ['batch'] });
    expect(one).toMatch(/^[\da-f]{64}$/);
    expect(fingerprint({ body: { b: [2], a: 1 }, labels: ['batch'] })).toBe(one);
    expect(fingerprint({ body: { a: 1, b: [3] }, labels: ['batch'] })).not.toBe(one);
    expect(fingerprint({ body: { a: 1, b: [2] }, labels: ['other'] })).not.toBe(one);
    expect(fingerprint({ body: { a: 1, b: [2] }, labels: [null] })).not.toBe(one);
  });

  it('is undefined without the header', () => {
    expect(read({ keys: undefined })).toBeUndefined();
  });
});

interface Sent {
  readonly orderId?: string;
  readonly apiKeyId?: string;
  readonly body?: unknown;
  readonly labels?: readonly (string | null)[];
  readonly keys?: readonly string[];
}

/** A fastify request with only the fields that the code reads. */
function read({ orderId = 'a', apiKeyId = 'api-key', body = {}, labels, ...sent }: Sent): KeyedRequest | undefined {
  const request = {
    method: 'POST',
    routeOptions: { url: '/v1/orders/:orderId/status' },
    params: { orderId },
    raw: { headersDistinct: { 'idempotency-key': 'keys' in sent ? sent.keys : ['"k"'] } },
  } as unknown as FastifyRequest;
  return keyedRequestOf({ request, apiKey: { id: apiKeyId }, body, labels }, { retentionHours: 24 });
}
