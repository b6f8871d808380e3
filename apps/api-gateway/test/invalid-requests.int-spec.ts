import type { Problem } from '@orderly/contracts';
import { event, startGateway, type TestGateway } from './gateway';
import { expectProblem, storedEventRows, storedRows } from './refusals';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

describe('an invalid request', () => {
  const json = { 'content-type': 'application/json' };
  const tooMany = JSON.stringify(Array.from({ length: 1001 }, (_, index) => event(`many-${index}`)));

  it.each<[string, { body?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> }, number, string]>([
    ['invalid JSON', { body: '{"id":', headers: json }, 400, 'invalid-json'],
    ['no body', {}, 400, 'invalid-json'],
    ['no content type', { body: new Uint8Array([0x7b, 0x7d]) }, 415, 'unsupported-media-type'],
    ['a batch of 1,001', { body: tooMany, headers: json }, 413, 'batch-too-large'],
    ['an empty batch', { body: '[]', headers: json }, 422, 'validation-failed'],
    ['null', { body: 'null', headers: json }, 422, 'validation-failed'],
    ['no key', { body: '{}', headers: { ...json, authorization: '' } }, 401, 'unauthenticated'],
    [
      'a key that nobody made',
      { body: '{}', headers: { ...json, authorization: `Bearer orderly_abcdefgh_${'x'.repeat(40)}` } },
      401,
      'unauthenticated',
    ],
    ['a batch label with blanks', { body: '{}', headers: { ...json, 'orderly-batch': 'a b' } }, 422, 'validation-failed'],
  ])('is refused with %s, and nothing is stored', async (_, options, status, code) => {
    const before = await storedRows(gateway);
    expectProblem(await gateway.request('POST', '/v1/events', options), { status, code });
    expect(await storedRows(gateway)).toBe(before);
  });

  it('is refused before its body is read if the key lacks the scope', async () => {
    const key = await gateway.createKey('orders:read');
    const answer = await gateway.request('POST', '/v1/events', {
      body: '{',
      headers: { ...json, authorization: `Bearer ${key}` },
    });
    expectProblem(answer, { status: 403, code: 'forbidden' });
    expect(answer.body.detail).toContain('events:write');
  });

  it.each<[string, Record<string, unknown> | string, string]>([
    ['an unknown type', event('b', { type: 'order.exploded' }), '#/type'],
    ['a missing field', event('b', { orderId: undefined }), '#/orderId'],
    ['an oversized field', event('b', { id: 'x'.repeat(201) }), '#/id'],
    ['a date that is none', event('b', { occurredAt: 'yesterday' }), '#/occurredAt'],
    ['a date that PostgreSQL cannot hold', event('b', { occurredAt: '0000-01-01T00:00:00Z' }), '#/occurredAt'],
    ['an unknown status', event('b', { type: 'order.status_changed', data: { status: 'lost' } }), '#/data/status'],
  ])('is refused with a pointer to the fault: %s', async (_, body, pointer) => {
    const before = await storedRows(gateway);
    const answer = await gateway.post(body);
    expectProblem(answer, { status: 422, code: 'validation-failed' });
    expect(answer.body.errors[0].pointer).toMatch(pointer);
    expect(await storedRows(gateway)).toBe(before);
  });

  it('is refused if one event is too large, although the body is not', async () => {
    const answer = await gateway.post(event('big', { data: { customer: { id: 'c' }, note: 'x'.repeat(300_000) } }));
    expectProblem(answer, { status: 413, code: 'payload-too-large' });
    expect(answer.body.errors[0].pointer).toBe('#');
  });

  it('is refused when its id belongs to another event', async () => {
    await gateway.post(event('taken'));
    const before = await storedEventRows(gateway);
    const answer = await gateway.post(event('taken', { notify: false }));
    expectProblem(answer, { status: 409, code: 'event-id-reused' });
    expect(answer.body.errors).toEqual([{ pointer: '#/id', detail: expect.any(String) }]);
    expect(await storedEventRows(gateway)).toBe(before);
  });

  it('gets a problem if the path, the method or the resource does not exist', async () => {
    expectProblem(await gateway.get('/v1/nothing'), { status: 404, code: 'not-found' });
    expectProblem(await gateway.request('POST', '/v1/nothing', { body: 'x' }), { status: 404, code: 'not-found' });
    expectProblem(await gateway.get('/v1/orders/nobody'), { status: 404, code: 'not-found' });
    expectProblem(await gateway.get('/v1/events/shop/nobody'), { status: 404, code: 'not-found' });
    expectProblem(await gateway.get('/v1/events/shop/a%00b'), { status: 422, code: 'validation-failed' });
    expectProblem(await gateway.get('/v1/jobs/7'), { status: 422, code: 'validation-failed' });
    expectProblem(await gateway.get('/v1/dead-letters?limit=0'), { status: 422, code: 'validation-failed' });
    expectProblem(await gateway.get('/v1/stats?batch=a%00'), { status: 422, code: 'validation-failed' });
    const wrongMethod = await gateway.request('DELETE', '/v1/events', { body: 'x' });
    expectProblem(wrongMethod, { status: 405, code: 'method-not-allowed' });
    expect(wrongMethod.headers.get('allow')).toBe('POST, GET, HEAD');
  });
});

describe('a batch with invalid events', () => {
  it('accepts its valid events and names the invalid ones', async () => {
    await gateway.post(event('mix-known'));
    await gateway.post(event('mix-reused'));
    const answer = await gateway.post([
      event('mix-1'),
      event('mix-2', { occurredAt: 'soon' }),
      event('mix-known'),
      event('mix-reused', { notify: false }),
      event('mix-1'),
      event('mix-3', { data: { customer: { id: '\0' } } }),
      'nothing',
      event('mix-4'),
    ]);
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({ accepted: 2, duplicates: 2, rejected: 4 });
    const { results } = answer.body as { results: { index: number; status: string; id: string; problem?: Problem }[] };
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(results.map(({ status }) => status).join(' ')).toBe(
      'accepted rejected duplicate rejected duplicate rejected rejected accepted',
    );
    expect(results.map(({ problem }) => problem && [problem.code, problem.errors?.[0]?.pointer])).toEqual([
      undefined,
      ['validation-failed', '#/1/occurredAt'],
      undefined,
      ['event-id-reused', '#/3/id'],
      undefined,
      ['validation-failed', '#/5/data/customer/id'],
      ['validation-failed', '#/6'],
      undefined,
    ]);
    const stored = await gateway.db.query<{ id: string }>(`select id from events where id like 'mix-_' order by acceptance`);
    expect(stored.map(({ id }) => id)).toEqual(['mix-1', 'mix-4']);
  });

  it('is refused as a whole if every event is invalid, with the same results', async () => {
    const answer = await gateway.post([event('', {}), 7]);
    expectProblem(answer, { status: 422, code: 'batch-rejected' });
    expect(answer.body).toMatchObject({ accepted: 0, duplicates: 0, rejected: 2 });
    expect(answer.body.results).toHaveLength(2);
  });
});
