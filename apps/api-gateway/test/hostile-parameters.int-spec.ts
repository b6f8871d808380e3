import { operations } from '../src/routes/operations';
import { event, startGateway, type TestGateway } from './gateway';
import { rawRequest } from './raw-request';
import { expectProblem, expectRawProblem, storedRows } from './refusals';

let gateway: TestGateway;
let rows: number;
beforeAll(async () => {
  gateway = await startGateway();
  for (const id of ['one', 'two', 'three']) await gateway.post(event(id));
  await gateway.createKey('ops:write');
  rows = await storedRows(gateway);
});
afterAll(() => gateway.stop());
afterEach(async () => {
  expect(await storedRows(gateway)).toBe(rows);
  expect((await gateway.get('/v1/events/shop/one')).status).toBe(200);
  expect(gateway.logLines.filter((line) => line.includes('"level":"error"'))).toEqual([]);
});

const unprocessable = { status: 422, code: 'validation-failed' };
const notFound = { status: 404, code: 'not-found' };

/** Texts that cause harm if a value becomes part of a statement, a pattern or a path. */
const injections = [
  "' or 1=1 --",
  "'; drop table events; --",
  "' union select key_hash from api_keys --",
  '$1',
  '%',
  '_',
  '\\',
  '{}',
  '(select 1)',
  "1' and pg_sleep(5) --",
  'null',
  '-1',
  '9223372036854775808',
  '1e400',
  'NaN',
  '0x1',
  '١',
  '..',
  '\u202e',
  'x'.repeat(10_000),
  'a\0b',
];

const lists = operations.flatMap(({ method, path, query }) =>
  method === 'get' && query !== undefined && !path.includes('{')
    ? Object.keys(query.shape).map((name) => [path, name, query] as const)
    : [],
);

describe('a parameter of a list', () => {
  it.each(lists)('is only a value at %s, whatever its text: %s', async (path, name, query) => {
    for (const text of injections) {
      const answer = await gateway.get(`${path}?${name}=${encodeURIComponent(text)}`);
      // Only cursors that the gateway issued are valid.
      const isPossible = name !== 'cursor' && query.safeParse({ [name]: text }).success;
      if (!isPossible) expectProblem(answer, unprocessable);
      else expect({ text, status: answer.status }).toEqual({ text, status: 200 });
      expect(answer.text).not.toMatch(/"(?:events|orders|jobs|messages|entries|deadLetters)":\[\{/);
    }
  });

  it.each(lists)('is accepted once at %s, under its exact name: %s', async (path, name) => {
    for (const text of [`${name}=1&${name}=2`, `${name}[]=1`, `${name}[a]=1`, `${name}.a=1`, `${name}%00=1`]) {
      expectProblem(await gateway.get(`${path}?${text}`), unprocessable);
    }
  });

  it.each([...new Set(lists.map(([path]) => path))])('is refused at %s if it is unknown', async (path) => {
    for (const text of [
      'a[b]=c',
      'unknown=1',
      '__proto__=1',
      'constructor=1',
      '__proto__[admin]=1',
      '%zz=1',
      'LIMIT=1',
      'a=%ff',
    ]) {
      expectProblem(await gateway.get(`${path}?${text}`), unprocessable);
    }
    expect(({} as Record<string, unknown>).admin).toBeUndefined();
  });
});

describe('a cursor', () => {
  const ofText = (text: string): string => Buffer.from(text).toString('base64url');
  it.each<readonly [string, string]>([
    ...[
      "' or 1=1",
      'null',
      '[]',
      '{}',
      '["a","b"]',
      '[1e400]',
      '["2026-01-01","00000000-0000-0000-0000-000000000000"]',
      '{"__proto__":1}',
    ].map((text) => [`the encoded ${text}`, ofText(text)] as const),
    ['100 levels', ofText('['.repeat(100))],
    ['10 kB', 'A'.repeat(10_000)],
    ['no base64', '*'],
    ['half a byte', 'A'],
  ])('is refused if the gateway did not issue it: %s', async (_what, cursor) => {
    for (const path of new Set(lists.filter(([, name]) => name === 'cursor').map(([one]) => one))) {
      expectProblem(await gateway.get(`${path}?cursor=${encodeURIComponent(cursor)}`), unprocessable);
    }
  });
});

describe('an id in a path', () => {
  it.each<[string, string, { status: number; code: string }]>([
    ['SQL in an order', `/v1/orders/${encodeURIComponent("'or(1=1)--")}`, notFound],
    ['SQL in an order with blanks', `/v1/orders/${encodeURIComponent("' or 1=1 --")}`, unprocessable],
    ['SQL in an event', `/v1/events/shop/${encodeURIComponent("' or 1=1 --")}`, notFound],
    ['SQL in a job', `/v1/jobs/${encodeURIComponent("' or 1=1 --")}`, unprocessable],
    ['10 kB of order', `/v1/orders/${'o'.repeat(10_000)}`, notFound],
    ['10 kB of event', `/v1/events/shop/${'e'.repeat(10_000)}`, notFound],
    ['10 kB of source', `/v1/events/${'s'.repeat(10_000)}/one`, notFound],
    ['2,000 letters of order', `/v1/orders/${'o'.repeat(2000)}`, unprocessable],
    ['a NUL', '/v1/orders/a%00b', unprocessable],
    ['a line break', '/v1/orders/a%0d%0ab', unprocessable],
    ['letters beyond ASCII', `/v1/orders/${encodeURIComponent('é')}`, unprocessable],
    ['half a character', '/v1/orders/%e2%82', notFound],
    ['a per cent that encodes nothing', '/v1/orders/%zz', notFound],
    ['nothing', '/v1/orders/', unprocessable],
    ['an encoded slash', '/v1/orders/a%2fb', notFound],
    ['another path', '/v1/orders/..%2f..%2fopenapi.json', notFound],
    ['__proto__', '/v1/orders/__proto__', notFound],
    ['the path of a job that is none', '/v1/jobs/00000000-0000-0000-0000-00000000000g', unprocessable],
    ['a job that nobody made', '/v1/jobs/00000000-0000-0000-0000-000000000000', notFound],
  ])('never reaches another resource: %s', async (_what, path, refusal) => {
    expectProblem(await gateway.get(path), refusal);
  });

  it.each(['__proto__', 'constructor', 'toString', '..%2f', "'", '%00', 'x'.repeat(1000)])(
    'names no webhook platform: %s',
    async (name) => {
      expectProblem(await gateway.request('POST', `/v1/webhooks/${name}`, { body: '{}' }), notFound);
    },
  );
});

describe('a path with dot segments', () => {
  it.each([
    '/docs/../package.json',
    '/docs/../../../../etc/passwd',
    '/docs/%2e%2e/package.json',
    '/docs/..%2fpackage.json',
    '/docs/%2e%2e%2f%2e%2e%2fpackage.json',
    '/docs/..\\package.json',
    '/docs/%5c..%5cpackage.json',
    '/docs/page.js%00.css',
    '/docs/page.js/',
    '/docs//etc/passwd',
    '//docs',
    '/docs/.',
    '/v1/../openapi.json',
    '/V1/stats',
  ])('is not found: %s', async (path) => {
    const [answer] = await rawRequest(gateway, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expectRawProblem(answer, notFound);
  });
});

describe('a forged Authorization header', () => {
  it.each([
    ['another scheme', 'Basic YTpi'],
    ['no scheme', 'orderly_abcdefgh_x'],
    ['an empty key', 'Bearer '],
    ['two keys', 'Bearer a b'],
    ['SQL', "Bearer ' or 1=1 --"],
    ['SQL in the form of a key', "Bearer orderly_'or(1=1)_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"],
    ['10 kB', `Bearer ${'k'.repeat(10_000)}`],
    ['letters beyond ASCII', 'Bearer \u00e9\u00e9'],
  ])('is refused: %s', async (_what, authorization) => {
    const [answer] = await rawRequest(
      gateway,
      Buffer.from(`GET /v1/stats HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`, 'latin1'),
    );
    expectRawProblem(answer, { status: 401, code: 'unauthenticated' });
    expect(answer?.headers.join('\n')).toMatch(/^www-authenticate: Bearer$/im);
  });
});
