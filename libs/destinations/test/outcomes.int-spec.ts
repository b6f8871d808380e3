import { ConfigurationError, PermanentError, RetryableError, ThrottledError } from '@orderly/errors';
import { eventually } from '@orderly/testing';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:net';
import { createDestinationClient, type DestinationClient } from '../src';
import { answerWith, declareDestination, someOrder, startPartner, type Partner } from './partner';

const never: RequestListener = () => undefined;
const idle = new AbortController().signal;
const now = Date.parse('2026-01-02T03:04:05Z');

let partner: Partner;
const clients: DestinationClient[] = [];

const connect = (
  settings: Record<string, unknown> = {},
  url = `${partner.url}/orders/{orderId}`,
  deps = {},
): DestinationClient => {
  const client = createDestinationClient(declareDestination(url, settings), { now: () => now, ...deps });
  clients.push(client);
  return client;
};

const failureOf = async (client: DestinationClient, signal = idle): Promise<unknown> => {
  const result: unknown = await client.send({ order: someOrder, key: 'k', signal }).catch((error: unknown) => ({ error }));
  if (typeof result === 'object' && result !== null && 'error' in result) return result.error;
  throw new Error('it was sent');
};

const lookup = () => ({
  idempotency: { mode: 'lookup', url: `${partner.url}/state/{orderId}`, versionPointer: '/order/version' },
});

beforeEach(async () => {
  partner = await startPartner();
});

afterEach(async () => {
  await partner.stop();
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

describe('outcomes of send', () => {
  it.each([200, 201, 202, 204])('%d is done', async (status) => {
    partner.answer(answerWith(status));
    await expect(connect().send({ order: someOrder, key: 'k', signal: idle })).resolves.toMatchObject({ responseStatus: status });
  });

  it.each([
    [300, PermanentError, 'destination-refused'],
    [301, PermanentError, 'destination-refused'],
    [307, PermanentError, 'destination-refused'],
    [400, PermanentError, 'destination-refused'],
    [401, ConfigurationError, 'destination-unauthorized'],
    [402, PermanentError, 'destination-refused'],
    [403, ConfigurationError, 'destination-unauthorized'],
    [404, PermanentError, 'destination-refused'],
    [405, PermanentError, 'destination-refused'],
    [408, RetryableError, 'destination-unavailable'],
    [409, RetryableError, 'destination-conflict'],
    [410, ConfigurationError, 'destination-gone'],
    [413, PermanentError, 'destination-refused'],
    [422, PermanentError, 'destination-refused'],
    [425, RetryableError, 'destination-unavailable'],
    [429, ThrottledError, 'destination-throttled'],
    [451, PermanentError, 'destination-refused'],
  ] as const)('%d is a definite answer', async (status, type, code) => {
    partner.answer(answerWith(status, 'because', { location: `${partner.url}/elsewhere` }));
    const error = await failureOf(connect());
    expect(error).toBeInstanceOf(type);
    expect(error).toMatchObject({ code, details: { responseStatus: status, responseExcerpt: 'because' } });
    expect((error as RetryableError).details).not.toHaveProperty('ambiguous');
    expect(partner.received).toHaveLength(1);
  });

  it.each([500, 501, 502, 503, 504, 599])('%d is ambiguous', async (status) => {
    partner.answer(answerWith(status, 'oops'));
    const error = await failureOf(connect());
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      code: 'destination-failed',
      retryAfterMs: undefined,
      details: { responseStatus: status, responseExcerpt: 'oops', ambiguous: true },
    });
  });

  it.each([
    [429, undefined, 5_000],
    [429, 'soon', 5_000],
    [429, '7', 7_000],
    [429, 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    [429, '86400', 3_600_000],
    [503, '2', 2_000],
    [503, 'Fri, 02 Jan 2026 03:05:05 GMT', 60_000],
  ])('%d with Retry-After %s is throttled', async (status, header, retryAfterMs) => {
    partner.answer(answerWith(status, '', header === undefined ? {} : { 'retry-after': header }));
    const error = await failureOf(connect());
    expect(error).toBeInstanceOf(ThrottledError);
    expect(error).toMatchObject({ code: 'destination-throttled', retryAfterMs, details: { responseStatus: status } });
  });

  it('prefers Retry-After to the backoff of a retried failure', async () => {
    partner.answer(answerWith(502, '', { 'retry-after': '9' }));
    expect(await failureOf(connect())).toMatchObject({ code: 'destination-failed', retryAfterMs: 9_000 });
  });

  it('does not follow a redirect', async () => {
    partner.answer(answerWith(308, '', { location: `${partner.url}/elsewhere` }));
    expect(await failureOf(connect())).toMatchObject({
      code: 'destination-refused',
      message: expect.stringContaining('redirects'),
    });
    expect(partner.received.map(({ url }) => url)).toEqual(['/orders/o-1']);
  });

  it('a refused connection is not ambiguous: nothing was sent', async () => {
    const client = connect();
    await partner.stop();
    partner = await startPartner();
    const error = await failureOf(client);
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      code: 'destination-unavailable',
      details: {},
      message: 'erp could not be reached (ECONNREFUSED)',
    });
  });

  it('a name that does not resolve is not ambiguous', async () => {
    const resolve = (_: string, __: unknown, callback: (error: Error, addresses: []) => void): void =>
      callback(Object.assign(new Error('no such host'), { code: 'ENOTFOUND' }), []);
    const error = await failureOf(connect({}, 'https://erp.example/', { resolve }));
    expect(error).toMatchObject({
      code: 'destination-unavailable',
      details: {},
      message: 'erp could not be reached (ENOTFOUND)',
    });
  });

  it('a failed TLS handshake is not ambiguous', async () => {
    const error = await failureOf(connect({}, partner.url.replace('http:', 'https:')));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ code: 'destination-unavailable', details: {} });
  });

  it('a connection that is not made in time is not ambiguous', async () => {
    const resolve = (): void => undefined;
    const error = await failureOf(connect({ timeoutMs: 50 }, 'http://erp.example/', { resolve }));
    expect(error).toMatchObject({
      code: 'destination-unavailable',
      details: {},
      message: 'erp could not be reached (out of time)',
    });
  });

  it('a request that times out while it waits for a connection is not ambiguous, and is never sent', async () => {
    const client = connect({ concurrency: 1 });
    const deadlines = [new AbortController(), new AbortController()] as const;
    const timeout = jest.spyOn(AbortSignal, 'timeout');
    for (const { signal } of deadlines) timeout.mockReturnValueOnce(signal);
    partner.answer(never);
    const first = failureOf(client);
    await eventually(() => expect(partner.received).toHaveLength(1));
    const second = failureOf(client);
    timeout.mockRestore();
    deadlines[1].abort(new DOMException('', 'TimeoutError'));
    await expect(second).resolves.toMatchObject({ code: 'destination-unavailable', details: {} });
    deadlines[0].abort(new DOMException('', 'TimeoutError'));
    await expect(first).resolves.toMatchObject({ code: 'destination-timeout' });
    await Promise.all(clients.splice(0).map((one) => one.close()));
    expect(partner.received).toHaveLength(1);
  });

  it('a missing answer is ambiguous', async () => {
    partner.answer(never);
    // Long enough for a busy machine to connect and write.
    const error = await failureOf(connect({ timeoutMs: 2000 }));
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({
      code: 'destination-timeout',
      details: { ambiguous: true },
      message: 'erp did not answer (out of time)',
    });
  });

  it('a connection that breaks after the request was sent is ambiguous', async () => {
    partner.answer((request) => request.socket.resetAndDestroy());
    const error = await failureOf(connect());
    expect(error).toBeInstanceOf(RetryableError);
    expect(error).toMatchObject({ code: 'destination-timeout', details: { ambiguous: true } });
  });

  it('an answer that is not HTTP is ambiguous', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.end('SSH-2.0 hello\r\n\r\n')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
    expect(await failureOf(connect({}, url))).toMatchObject({ code: 'destination-timeout', details: { ambiguous: true } });
    server.close();
    await once(server, 'close');
  });

  it('rethrows the reason of the signal of the caller unchanged, before and during a request', async () => {
    const reason = new Error('stopping');
    const client = connect();
    expect(await failureOf(client, AbortSignal.abort(reason))).toBe(reason);
    expect(partner.received).toHaveLength(0);

    const controller = new AbortController();
    partner.answer(() => controller.abort(reason));
    expect(await failureOf(client, controller.signal)).toBe(reason);
  });
});

describe('address guard', () => {
  const guarded = { allowPrivateNetwork: false };
  const atHost = (host: string): string => partner.url.replace('http:', 'https:').replace('127.0.0.1', host);

  it.each([
    '127.0.0.1',
    'localhost',
    '127.1',
    '2130706433',
    '0x7f.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '0.0.0.0',
    '169.254.169.254',
  ])('does not connect to %s', async (host) => {
    let connections = 0;
    partner.server.on('connection', () => connections++);
    const error = await failureOf(connect(guarded, atHost(host)));
    expect(error).toBeInstanceOf(PermanentError);
    expect(error).toMatchObject({ code: 'address-refused', details: {} });
    expect(connections).toBe(0);
  });

  it('checks the addresses of a name at the moment of connecting, and refuses a mixture', async () => {
    const addresses = [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    const resolve = (_: string, __: unknown, callback: (error: null, found: typeof addresses) => void): void =>
      callback(null, addresses);
    const error = await failureOf(connect(guarded, 'https://erp.example/', { resolve }));
    expect(error).toMatchObject({ code: 'address-refused', message: expect.stringContaining('10.0.0.1') });
  });

  it('connects to loopback by name if private networks are allowed', async () => {
    await connect({}, partner.url.replace('127.0.0.1', 'localhost')).send({ order: someOrder, key: 'k', signal: idle });
    expect(partner.received).toHaveLength(1);
  });
});

describe('lookupVersion', () => {
  it.each([
    ['a version', answerWith(200, '{"order": {"version": 7}}'), 7],
    ['a version in a string', answerWith(200, '{"order": {"version": "7"}}'), 7],
    ['an order without a version', answerWith(200, '{"order": {"version": null}}'), undefined],
    ['another shape', answerWith(200, '{}'), undefined],
    ['no such order', answerWith(404, '{"order": {"version": 7}}'), undefined],
  ])('reads %s', async (_, listener, version) => {
    partner.answer(listener);
    const client = connect({ ...lookup(), auth: { type: 'bearer', token: 'abc' } });
    await expect(client.lookupVersion('a/b', idle)).resolves.toBe(version);
    expect(partner.received[0]).toMatchObject({
      method: 'GET',
      url: '/state/a%2Fb',
      headers: { authorization: 'Bearer abc' },
      body: '',
    });
  });

  it.each([answerWith(200, 'fine'), answerWith(200, '{"order": {"version": "seven"}}'), answerWith(500), never])(
    'fails without an ambiguous outcome, because it changes nothing (%#)',
    async (listener) => {
      partner.answer(listener);
      const error: unknown = await connect({ ...lookup(), timeoutMs: 100 })
        .lookupVersion('o-1', idle)
        .catch((failure: unknown) => failure);
      expect(error).toBeInstanceOf(RetryableError);
      expect((error as RetryableError).details).not.toHaveProperty('ambiguous');
    },
  );

  it('asks nobody if no lookup is declared', async () => {
    await expect(connect().lookupVersion('o-1', idle)).resolves.toBeUndefined();
    expect(partner.received).toHaveLength(0);
  });

  it('adds the version of the partner to a conflict, if it is available', async () => {
    partner.answer(answerWith(409, 'have it'), answerWith(200, '{"order": {"version": 9}}'), answerWith(409), answerWith(500));
    const client = connect(lookup());
    expect(await failureOf(client)).toMatchObject({
      code: 'destination-conflict',
      details: { responseStatus: 409, responseExcerpt: 'have it', partnerVersion: 9 },
    });
    expect(((await failureOf(client)) as RetryableError).details).toEqual({ responseStatus: 409, responseExcerpt: '' });
  });
});
