import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { event, startGateway, type TestGateway } from './gateway';
import { rawRequest } from './raw-request';
import { expectProblem, expectRawProblem, storedRows } from './refusals';

let gateway: TestGateway;
let operator: string;
beforeAll(async () => {
  gateway = await startGateway();
  operator = await gateway.createKey('ops:write');
});
afterAll(() => gateway.stop());
afterEach(async () => {
  expect((await gateway.get('/v1/stats')).status).toBe(200);
  expect(gateway.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
  expect(({} as Record<string, unknown>).admin).toBeUndefined();
});

const json = { 'content-type': 'application/json' };
/** The text of a valid event, with raw JSON in place of a 7, because no JavaScript value serialises to this text. */
const withJson = (text: string, change: Record<string, unknown> = { data: { customer: { id: 'c' }, x: '@@' } }): string =>
  JSON.stringify(event('nasty', change)).replace('"@@"', text);
const inside = (...keys: readonly string[]): Record<string, unknown> => {
  const data: Record<string, unknown> = { customer: { id: 'c' }, lines: [{ sku: 's', quantity: 1, unitPriceMinor: 1 }] };
  const place = keys.reduce<Record<string, unknown>>((at, key) => (at[key] ??= {}) as Record<string, unknown>, { data } as never);
  place.x = '@@';
  return { data };
};
const arrays = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
const objects = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`;

describe('hostile JSON', () => {
  it.each<[string, string, string]>([
    ['51 arrays in each other', withJson(arrays(51)), '#/data/x'],
    ['10,000 arrays in each other', withJson(arrays(10_000)), '#/data/x/0/0'],
    ['100,000 arrays in each other', withJson(arrays(100_000)), '#/data/x/0/0'],
    ['10,000 objects in each other', withJson(objects(10_000)), '#/data/x/a/a'],
    ['100,000 objects in each other', withJson(objects(100_000)), '#/data/x/a/a'],
    ['a body of 100,000 objects in each other', objects(100_000), '#/a/a/a'],
    ['1e400', withJson('1e400'), '#/data/x'],
    ['-1e400', withJson('-1e400'), '#/data/x'],
    ['2^63', withJson('9223372036854775808'), '#/data/x'],
    ['2^53, which a double may hold and the next one may not', withJson('9007199254740992'), '#/data/x'],
    ['the largest double', withJson('1.7976931348623157e308'), '#/data/x'],
    ['an integer of 400 digits', withJson('1'.repeat(400)), '#/data/x'],
    ['a total of 2^53', withJson('9007199254740992', { data: { customer: { id: 'c' }, totalMinor: '@@' } }), '#/data/totalMinor'],
    ['a total below zero', withJson('-1', { data: { customer: { id: 'c' }, totalMinor: '@@' } }), '#/data/totalMinor'],
    ['a lone surrogate in a value', withJson('"\\ud800"'), '#/data/x'],
    ['surrogates in the wrong order', withJson('"\\udc00\\ud800"'), '#/data/x'],
    ['a lone surrogate in a key', withJson('{"\\ud800":1}'), '#/data/x/%EF%BF%BD'],
    ['a NUL in a value', withJson('"a\\u0000b"'), '#/data/x'],
    ['a NUL in a key', withJson('{"a\\u0000":1}'), '#/data/x/a%00'],
    ['__proto__ in the data', withJson('{"__proto__":{"admin":true}}'), '#/data/x/__proto__'],
    [
      '__proto__ in the customer',
      withJson('{"__proto__":{"admin":true}}', inside('data', 'customer')),
      '#/data/customer/x/__proto__',
    ],
    ['__proto__ in the metadata', withJson('{"__proto__":1}', inside('data', 'metadata')), '#/data/metadata/x/__proto__'],
    ['__proto__ of the event', withJson('1').replace('"id"', '"__proto__":{"admin":true},"id"'), '#/__proto__'],
    ['constructor as a field of the event', withJson('1').replace('"id"', '"constructor":{},"id"'), '#/constructor'],
    ['an id of 10 kB', JSON.stringify(event('i'.repeat(10_000))), '#/id'],
    ['an order id of 10 kB', JSON.stringify(event('i', { orderId: 'o'.repeat(10_000) })), '#/orderId'],
    ['a source of 10 kB', JSON.stringify(event('i', { source: 's'.repeat(10_000) })), '#/source'],
    ['an order id that is another path', JSON.stringify(event('i', { orderId: '..' })), '#/orderId'],
    ['the year 9999', JSON.stringify(event('i', { occurredAt: '9999-12-31T23:59:59Z' })), '#/occurredAt'],
    ['a second that is none', JSON.stringify(event('i', { occurredAt: '2026-01-01T00:00:99Z' })), '#/occurredAt'],
    [
      'a currency in small letters',
      JSON.stringify(event('i', { data: { customer: { id: 'c' }, currency: 'eur' } })),
      '#/data/currency',
    ],
  ])('is refused with a pointer to the fault: %s', async (_what, body, pointer) => {
    const before = await storedRows(gateway);
    const answer = await gateway.request('POST', '/v1/events', { headers: json, body });
    expectProblem(answer, { status: 422, code: 'validation-failed' });
    expect(String(answer.body.errors[0].pointer).slice(0, pointer.length)).toBe(pointer);
    // An answer that grows with the request would help an attacker.
    expect(answer.text.length).toBeLessThan(5000);
    expect(await storedRows(gateway)).toBe(before);
  });

  it.each<[string, string, unknown]>([
    ['1e-400, which is nothing', withJson('1e-400'), 0],
    ['-0, which is 0', withJson('-0'), 0],
    ['the largest whole number', withJson('9007199254740991'), 9007199254740991],
    ['the smallest number', withJson('5e-324'), 5e-324],
    ['the last of two equal keys', withJson('1,"x":2'), 2],
    [
      'constructor and prototype as keys',
      withJson('{"constructor":{"prototype":{"admin":true}}}'),
      { constructor: { prototype: { admin: true } } },
    ],
    ['names of methods as keys', withJson('{"toString":1,"toJSON":2,"then":3}'), { toString: 1, toJSON: 2, then: 3 }],
    ['a pair of surrogates', withJson('"\\ud83d\\udce6"'), '📦'],
    ['text of both directions', withJson('"\u202eabc\u202c"'), '\u202eabc\u202c'],
    ['a mark of the order of bytes', `\ufeff${withJson('1')}`, 1],
    ['a currency that is new to us', withJson('1').replace('"x"', '"currency":"ZZZ","x"'), 1],
  ])('is accepted and stored unchanged: %s', async (_what, body, kept) => {
    const id = `kept-${_what.length}-${_what}`;
    const answer = await gateway.request('POST', '/v1/events', {
      headers: json,
      body: body.replace('"id":"nasty"', `"id":${JSON.stringify(id)}`),
    });
    expect(answer.status).toBe(202);
    const { data } = (await gateway.get(answer.body.links.self)).body;
    expect(data.metadata.x).toEqual(kept);
  });
});

describe('a body that contradicts its headers', () => {
  const bomb = Buffer.from(JSON.stringify('0'.repeat(50_000_000)));
  const invalid = (hex: string): Buffer => Buffer.concat([Buffer.from('{"id":"'), Buffer.from(hex, 'hex'), Buffer.from('"}')]);
  const good = (): string => JSON.stringify(event('unread'));
  const typed = (type: string): { headers: Record<string, string>; body: string } => ({
    headers: { 'content-type': type },
    body: good(),
  });

  it.each<[string, { headers?: Record<string, string>; body?: string | Buffer }, number, string]>([
    [
      '50 MB in a gzip',
      { headers: { ...json, 'content-encoding': 'gzip' }, body: gzipSync(bomb) },
      415,
      'unsupported-media-type',
    ],
    [
      '50 MB in a deflate',
      { headers: { ...json, 'content-encoding': 'deflate' }, body: deflateSync(bomb) },
      415,
      'unsupported-media-type',
    ],
    [
      '50 MB in a brotli',
      { headers: { ...json, 'content-encoding': 'br' }, body: brotliCompressSync(bomb) },
      415,
      'unsupported-media-type',
    ],
    [
      'a gzip in a gzip',
      { headers: { ...json, 'content-encoding': 'gzip, gzip' }, body: gzipSync(gzipSync(bomb)) },
      415,
      'unsupported-media-type',
    ],
    ['a gzip that nobody announced', { headers: json, body: gzipSync('{}') }, 400, 'invalid-json'],
    ['UTF-16', { headers: json, body: Buffer.from(`\ufeff${good()}`, 'utf16le') }, 400, 'invalid-json'],
    ['a byte that is not UTF-8', { headers: json, body: invalid('ff') }, 400, 'invalid-json'],
    ['an overlong NUL', { headers: json, body: invalid('c080') }, 400, 'invalid-json'],
    ['a surrogate in UTF-8', { headers: json, body: invalid('eda080') }, 400, 'invalid-json'],
    ['half a character', { headers: json, body: invalid('e282') }, 400, 'invalid-json'],
    ['a character beyond Unicode', { headers: json, body: invalid('f4908080') }, 400, 'invalid-json'],
    ['nothing', { headers: json, body: '' }, 400, 'invalid-json'],
    ['blanks', { headers: json, body: ' \n\t ' }, 400, 'invalid-json'],
    ['two values', { headers: json, body: `${good()}${good()}` }, 400, 'invalid-json'],
    ['NDJSON', { headers: json, body: `${good()}\n${good()}` }, 400, 'invalid-json'],
    ['JSON with comments', { headers: json, body: `/* hello */ ${good()}` }, 400, 'invalid-json'],
    ['a NUL after it', { headers: json, body: `${good()}\0` }, 400, 'invalid-json'],
    ['NaN', { headers: json, body: '{"id":NaN}' }, 400, 'invalid-json'],
    ['100,000 events', { headers: json, body: `[${'{},'.repeat(99_999)}{}]` }, 413, 'batch-too-large'],
    ['half a million of nothing', { headers: json, body: `[${'0,'.repeat(499_999)}0]` }, 413, 'batch-too-large'],
    ['2 MB', { headers: json, body: ' '.repeat(2_000_000) }, 413, 'payload-too-large'],
    ['another charset', typed('application/json; charset=latin1'), 415, 'unsupported-media-type'],
    ['another charset in quotation marks', typed('application/json; charset="utf-16"'), 415, 'unsupported-media-type'],
    ['text', typed('text/plain'), 415, 'unsupported-media-type'],
    ['a kind of JSON that we do not know', typed('application/merge-patch+json'), 415, 'unsupported-media-type'],
    ['two types', typed('application/json, text/plain'), 415, 'unsupported-media-type'],
    ['a form', typed('application/x-www-form-urlencoded'), 415, 'unsupported-media-type'],
    ['a type that is none', typed('json'), 415, 'unsupported-media-type'],
  ])('is refused: %s', async (_what, { headers, body }, status, code) => {
    const before = await storedRows(gateway);
    const answer = await gateway.request('POST', '/v1/events', {
      headers,
      ...(body !== undefined && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
    });
    expectProblem(answer, { status, code });
    expect(await storedRows(gateway)).toBe(before);
  });

  it('is refused above the size limit, and the answer names the limit', async () => {
    const answer = await gateway.request('POST', '/v1/events', { headers: json, body: ' '.repeat(1_500_001) });
    expect(answer.body).toMatchObject({ code: 'payload-too-large', detail: 'A body has at most 1500000 bytes' });
    expect((await gateway.request('POST', '/v1/events', { headers: json, body: ' '.repeat(1_500_000) })).status).toBe(400);
  });

  it('is refused before it is read if it is compressed', async () => {
    const key = await gateway.createKey('events:write');
    // Sends the headers only: a gateway that reads the body first would wait for it.
    const [answer] = await rawRequest(
      gateway,
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 1000000\r\n\r\n`,
    );
    expectRawProblem(answer, { status: 415, code: 'unsupported-media-type' });
  });

  it.each(['application/json', 'application/json;charset=utf-8', 'Application/JSON; charset="UTF-8"', 'application/json ; a=b'])(
    'is parsed if its content type is JSON, in the form %s',
    async (type) => {
      const answer = await gateway.request('POST', '/v1/events', {
        headers: { 'content-type': type },
        body: JSON.stringify(event(`type ${type}`, { orderId: 'typed' })),
      });
      expect(answer.status).toBe(202);
    },
  );
});

describe('every call that takes a body', () => {
  it.each([
    '/v1/orders/o-1/status',
    '/v1/queues/maintenance/pause',
    '/v1/queues/maintenance/resume',
    '/v1/destinations/erp/pause',
  ])('refuses malformed bodies at %s', async (path) => {
    const before = await storedRows(gateway);
    const headers = { ...json, authorization: `Bearer ${operator}` };
    const send = (body: string): Promise<Awaited<ReturnType<TestGateway['request']>>> =>
      gateway.request('POST', path, { headers, body });
    const invalid = { status: 422, code: 'validation-failed' };
    for (const body of [
      arrays(100_000),
      objects(100_000),
      '{"__proto__":{"admin":true}}',
      '{"constructor":1}',
      '{"reason":"\\u0000"}',
      '{"reason":"\\ud800"}',
      '{"actor":""}',
      `{"reason":"${'x'.repeat(10_000)}"}`,
      '[]',
      '"x"',
      'null',
      '1e400',
    ]) {
      expectProblem(await send(body), invalid);
    }
    expectProblem(await send('{"reason":'), { status: 400, code: 'invalid-json' });
    expect(await storedRows(gateway)).toBe(before);
  });
});
