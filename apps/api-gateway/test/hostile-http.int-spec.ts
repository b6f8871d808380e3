import type { Socket } from 'node:net';
import { event, startGateway, type TestGateway } from './gateway';
import { answersOn, drip, openSocket, rawRequest } from './raw-request';
import { expectRawProblem, storedRows } from './refusals';

/** Far below the default, so that the test sees slow senders time out. */
const requestTimeoutMs = 1500;

let gateway: TestGateway;
let key: string;
beforeAll(async () => {
  gateway = await startGateway({ requestTimeoutMs });
  key = await gateway.createKey('events:write', 'orders:read', 'ops:read', 'ops:write');
});
afterAll(() => gateway.stop());

let number = 0;
const goodBody = (): string => JSON.stringify(event(`http-${++number}`));
const post = (headers: readonly string[], body = ''): string =>
  [
    'POST /v1/events HTTP/1.1',
    'Host: x',
    `Authorization: Bearer ${key}`,
    'Content-Type: application/json',
    ...headers,
    '',
    body,
  ].join('\r\n');
const get = (path: string, ...headers: readonly string[]): string =>
  [`GET ${path} HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`, ...headers, '', ''].join('\r\n');

const expectServing = async (): Promise<void> => expect((await gateway.get('/v1/stats')).status).toBe(200);
afterEach(async () => {
  await expectServing();
  expect(gateway.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

const chunked = (...chunks: readonly string[]): string => post(['Transfer-Encoding: chunked'], chunks.join('\r\n'));
const chunkOf = (body: string): string => `${Buffer.byteLength(body).toString(16)}\r\n${body}`;

describe('malformed HTTP', () => {
  it.each<[string, () => string | Buffer, number, string]>([
    ['no HTTP at all', () => 'HELLO\r\n\r\n', 400, 'validation-failed'],
    ['a handshake of TLS', () => Buffer.from('1603010200010001fc0303', 'hex'), 400, 'validation-failed'],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400, 'validation-failed'],
    ['a method that nobody knows', () => 'FETCH /v1/stats HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'validation-failed'],
    ['a version that nobody knows', () => 'GET /v1/stats HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'validation-failed'],
    ['a blank in the path', () => get('/v1/ stats'), 400, 'validation-failed'],
    ['a blank before a colon', () => get('/v1/stats', 'X-A : b'), 400, 'validation-failed'],
    ['a header of two lines', () => post(['X-A: b', ' c', 'Content-Length: 2'], '{}'), 400, 'validation-failed'],
    ['a NUL in a header', () => get('/v1/stats', 'X-A: a\0b'), 400, 'validation-failed'],
    ['a lone CR in a header', () => get('/v1/stats', 'X-A: a\rb'), 400, 'validation-failed'],
    ['a header beyond its size', () => get('/v1/stats', `X-A: ${'x'.repeat(20_000)}`), 431, 'headers-too-large'],
    ['a path beyond the header’s size', () => get(`/v1/orders/${'x'.repeat(20_000)}`), 431, 'headers-too-large'],
    ['two lengths', () => post(['Content-Length: 2', 'Content-Length: 3'], '{}'), 400, 'validation-failed'],
    ['a length that is no number', () => post(['Content-Length: 0x10'], '{}'), 400, 'validation-failed'],
    ['a length below zero', () => post(['Content-Length: -1'], '{}'), 400, 'validation-failed'],
    ['a length beyond 2^64', () => post(['Content-Length: 99999999999999999999'], '{}'), 400, 'validation-failed'],
    [
      'a length and chunks at once, as smugglers send',
      () => post(['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n'),
      400,
      'validation-failed',
    ],
    [
      'a transfer encoding that is none',
      () => post(['Transfer-Encoding: chunked, identity'], '0\r\n\r\n'),
      400,
      'validation-failed',
    ],
    ['a chunk of no size', () => chunked('zz', '{}', ''), 400, 'validation-failed'],
    ['a chunk of a size beyond all', () => chunked('fffffffffffffffff', '{}', ''), 400, 'validation-failed'],
    ['a chunk longer than it says', () => chunked('1', '{}{}', '0', '', ''), 400, 'validation-failed'],
  ])('is refused, and nothing is stored: %s', async (_what, bytes, status, code) => {
    const before = await storedRows(gateway);
    const [answer, ...others] = await rawRequest(gateway, bytes());
    expectRawProblem(answer, { status, code });
    expect(others).toEqual([]);
    expect(await storedRows(gateway)).toBe(before);
  });

  it('gets no answer if it is CONNECT, and its connection is closed', async () => {
    expect(await rawRequest(gateway, 'CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\n\r\n')).toEqual([]);
  });

  it('is not stored as an event if it follows a body that exceeds its declared length', async () => {
    const before = await storedRows(gateway);
    await rawRequest(gateway, post(['Content-Length: 2'], `{}${goodBody()}`));
    expect(await storedRows(gateway)).toBe(before);
  });

  it('stores nothing if its body is truncated', async () => {
    const before = await storedRows(gateway);
    const body = goodBody();
    for (const bytes of [post([`Content-Length: ${body.length + 9}`], body), chunked(chunkOf(body), '')]) {
      const socket = await openSocket(gateway);
      const answers = answersOn(socket);
      socket.end(bytes);
      expect((await answers).map(({ status }) => status)).toEqual([400]);
    }
    expect(await storedRows(gateway)).toBe(before);
  });
});

describe('unusual but valid HTTP', () => {
  it('is served: chunks with extensions and trailers, HTTP/1.0, expectations, several requests at once', async () => {
    const close = 'Connection: close';
    const body = goodBody();
    const statusOf = async (bytes: string): Promise<number[]> => (await rawRequest(gateway, bytes)).map(({ status }) => status);
    const [start, end] = [body.slice(0, 9), body.slice(9)];
    const inChunks = [`9;a=b`, start, chunkOf(end), '0', 'X-Trailer: 1', '', ''].join('\r\n');
    expect(await statusOf(post([close, 'Transfer-Encoding: chunked'], inChunks))).toEqual([202]);
    expect(await statusOf(`GET /openapi.json HTTP/1.0\r\n\r\n`)).toEqual([200]);
    expect(await statusOf(get('/v1/stats', close, 'Expect: a-miracle'))).toEqual([200]);
    expect(await statusOf(get('/v1/stats', close, 'Connection: Upgrade', 'Upgrade: websocket'))).toEqual([200]);
    const one = goodBody();
    expect(await statusOf(post([`Content-Length: ${one.length}`], one) + get('/v1/nothing') + get('/v1/stats', close))).toEqual([
      202, 404, 200,
    ]);
  });

  it.each(['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'QUERY', 'M-SEARCH', 'LINK'])(
    'is refused with 405 and the allowed methods if a path does not support %s',
    async (method) => {
      const path = ['GET', 'HEAD'].includes(method) ? '/v1/orders/o-1/status' : '/v1/orders/o-1';
      const bytes = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
      const [answer] = await rawRequest(gateway, bytes);
      expect(answer?.status).toBe(405);
      expect(answer?.headers.map((header) => header.toLowerCase())).toContain(
        path.endsWith('/status') ? 'allow: post' : 'allow: get, head',
      );
      if (method !== 'HEAD') expectRawProblem(answer, { status: 405, code: 'method-not-allowed' });
    },
  );

  it('is answered without a body for HEAD, and otherwise like GET', async () => {
    const [answer] = await rawRequest(gateway, get('/v1/stats', 'Connection: close').replace('GET', 'HEAD'));
    expect(answer).toMatchObject({ status: 200, body: '' });
  });
});

describe('a slow sender', () => {
  it.each([
    ['headers', () => 'GET /v1/stats HTTP/1.1\r\nHost: x\r\nX-Slow: '],
    ['body', () => post(['Content-Length: 1000'], '{"id":')],
    ['chunks', () => post(['Transfer-Encoding: chunked'], '500\r\n{"id":')],
  ])('is refused in time if its %s arrive byte by byte, and delays no other request', async (_what, start) => {
    const before = await storedRows(gateway);
    const sockets = await Promise.all(Array.from({ length: 50 }, () => openSocket(gateway)));
    const ends = Promise.all(sockets.map((socket) => answersOn(socket)));
    for (const socket of sockets) drip(socket, start());
    await expectServing();
    for (const answers of await ends) {
      expect(answers).toHaveLength(1);
      expectRawProblem(answers[0], { status: 408, code: 'request-timeout' });
    }
    expect(await storedRows(gateway)).toBe(before);
  });

  it('does not block other requests, even on two thousand idle connections', async () => {
    const sockets: Socket[] = [];
    while (sockets.length < 2000) {
      sockets.push(...(await Promise.all(Array.from({ length: 200 }, () => openSocket(gateway)))));
    }
    expect((await gateway.post(goodBody())).status).toBe(202);
    await expectServing();
    for (const socket of sockets) socket.destroy();
  });

  it('leaves nothing behind if it disconnects in the middle', async () => {
    const before = await storedRows(gateway);
    for (let times = 0; times < 50; times++) {
      const socket = await openSocket(gateway);
      await new Promise<void>((resolve) => socket.write(post(['Content-Length: 1000'], goodBody()), () => resolve()));
      socket.resetAndDestroy();
    }
    await expectServing();
    expect(await storedRows(gateway)).toBe(before);
  });
});

describe('caller-supplied text in response headers', () => {
  it.each(['a\r\nSet-Cookie: admin=1', 'a\nb', 'ü%0d%0aX: y', '" onload="x', '../../x', '👩‍👩‍👧'])(
    'cannot end its header: the id %j is returned encoded',
    async (id) => {
      const answer = await gateway.post(event(id, { orderId: `header-${++number}` }));
      expect(answer.status).toBe(202);
      expect(answer.headers.get('location')).toBe(`/v1/events/shop/${encodeURIComponent(id)}`);
      expect(answer.headers.get('set-cookie')).toBeNull();
      expect((await gateway.get(answer.headers.get('location') ?? '')).body.id).toBe(id);
    },
  );

  it.each<[string, string, number, string]>([
    ['an Idempotency-Key with a letter beyond ASCII', 'Idempotency-Key: caf\u00e9', 400, 'idempotency-key-invalid'],
    ['an Idempotency-Key of 10 kB', `Idempotency-Key: ${'k'.repeat(10_000)}`, 400, 'idempotency-key-invalid'],
    ['an empty Idempotency-Key', 'Idempotency-Key: ', 400, 'idempotency-key-invalid'],
    ['two Idempotency-Keys', 'Idempotency-Key: a\r\nIdempotency-Key: b', 400, 'idempotency-key-invalid'],
    ['a batch label with a tab', 'Orderly-Batch: a\tb', 422, 'validation-failed'],
    ['a batch label of 10 kB', `Orderly-Batch: ${'b'.repeat(10_000)}`, 422, 'validation-failed'],
    ['two batch labels', 'Orderly-Batch: a\r\nOrderly-Batch: b', 422, 'validation-failed'],
  ])('is refused: %s', async (_what, header, status, code) => {
    const before = await storedRows(gateway);
    const body = goodBody();
    const [answer] = await rawRequest(
      gateway,
      Buffer.from(post(['Connection: close', header, `Content-Length: ${body.length}`], body), 'latin1'),
    );
    expectRawProblem(answer, { status, code });
    expect(await storedRows(gateway)).toBe(before);
  });

  it.each([
    ['garbage of 10 kB', { traceparent: 'x'.repeat(10_000) }, null, null],
    ['quotes and semicolons', { traceparent: "'; drop table events; --" }, null, null],
    ['a state of 10 kB', { traceparent: parent(), tracestate: `a=${'b'.repeat(10_000)}` }, parent(), null],
    ['a state that is none', { traceparent: parent(), tracestate: '=;,,' }, parent(), '=;,,'],
    ['baggage of 10 kB', { traceparent: parent(), baggage: `a=${'b'.repeat(10_000)}` }, parent(), null],
    ['a version that is forbidden', { traceparent: parent().replace('00', 'ff') }, null, null],
  ])('is ignored in the trace context: %s', async (_what, headers, traceparent, tracestate) => {
    const answer = await gateway.post(JSON.parse(goodBody()), headers);
    expect(answer.status).toBe(202);
    const [stored] = await gateway.db.query('select traceparent, tracestate from events where event_id = $1', [
      answer.body.eventId,
    ]);
    expect(stored).toEqual({ traceparent, tracestate });
  });
});

function parent(): string {
  return '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
}
