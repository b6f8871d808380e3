import { redact, redactText } from './redact';

describe('redact', () => {
  it.each([
    'authorization',
    'Authorization',
    'x-api-key',
    'apiKey',
    'api_key',
    'token',
    'accessToken',
    'password',
    'clientSecret',
    'secrets',
    'set-cookie',
    'email',
    'recipientEmail',
    'phone',
    'phoneNumber',
    'recipient',
    'customer',
    'shippingAddress',
    'webhook-signature',
  ])('hides the value under %s, at any depth', (name) => {
    expect(redact({ a: [{ [name]: 'canary' }] })).toEqual({ a: [{ [name]: '[redacted]' }] });
  });

  it.each(['orderId', 'jobId', 'queue', 'attempt', 'customerId', 'tokens', 'address'])('does not change %s', (name) => {
    expect(redact({ [name]: 'value' })).toEqual({ [name]: 'value' });
  });

  it('keeps only type, code, message, details and causes of an error', () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(ann@example.com)' });
    const error = Object.assign(new TypeError('failed', { cause }), { details: { token: 'canary', status: 503 } });
    expect(redact({ err: error })).toEqual({
      err: {
        type: 'TypeError',
        message: 'failed',
        stack: expect.any(String),
        details: { token: '[redacted]', status: 503 },
        cause: { type: 'Error', code: '23505', message: 'duplicate key', stack: expect.any(String) },
      },
    });
  });

  it('limits the size of one line', () => {
    const loop: Record<string, unknown> = { text: 'x'.repeat(10_000), list: new Array(1000).fill(1), bytes: new Uint8Array(9) };
    loop['self'] = loop;
    expect(JSON.stringify(redact(loop)).length).toBeLessThan(40_000);
  });
});

describe('redactText', () => {
  it.each([
    ['postgres://orderly:s3cret@db:5432/orderly', 'postgres://[redacted]@db:5432/orderly'],
    ['redis://:s3cret@redis', 'redis://[redacted]@redis'],
    ['Authorization: Bearer abcdefgh.ijkl', 'Authorization: Bearer [redacted]'],
    ['signed with whsec_MfKQ9r8GKYqrTwjU', 'signed with [redacted]'],
    ['550 no such user ann.b+x@mail.example.com', '550 no such user [redacted]'],
    ['to +49 170 1234567, now', 'to [redacted], now'],
  ])('hides the private part of %j', (text, expected) => {
    expect(redactText(text)).toBe(expected);
  });

  it.each(['2026-07-01T10:00:00+00:00', 'http://erp:8080/orders/1', '{"rows":+12}', 'order-sync.erp', 'a+b=12345678'])(
    'does not change %j',
    (text) => {
      expect(redactText(text)).toBe(text);
    },
  );

  it('takes time proportional to the length of a line', () => {
    // If the time grew with the square of the length, this would take hours.
    const startedAt = performance.now();
    redactText(`${'a'.repeat(500_000)}@${'+1 '.repeat(100_000)}`);
    expect(performance.now() - startedAt).toBeLessThan(30_000);
  });
});
