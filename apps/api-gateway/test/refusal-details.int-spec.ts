import { event, startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
let operator: string;
beforeAll(async () => {
  gateway = await startGateway();
  operator = await gateway.createKey('ops:write');
});
afterAll(() => gateway.stop());

const traceForm = /^[0-9a-f]{32}$/;
type Line = Record<string, unknown>;
const linesOf = (traceId: string): Line[] =>
  gateway.logLines.map((line) => JSON.parse(line) as Line).filter(({ trace_id }) => trace_id === traceId);
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  gateway.request('POST', path, {
    headers: { authorization: `Bearer ${operator}`, 'content-type': 'application/json', ...headers },
    body: body === undefined ? '' : JSON.stringify(body),
  });

describe('a refused request', () => {
  it('is in the log under the trace id of its answer, without its body', async () => {
    const { body } = await gateway.post({ ...event('secret-order'), type: 'order.eaten' });
    expect(body.traceId).toMatch(traceForm);
    const [line] = linesOf(body.traceId as string);
    expect(line).toMatchObject({
      ...{ code: 'validation-failed', status: 422, method: 'POST', route: '/v1/events', msg: 'A request was refused' },
      apiKeyId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(JSON.stringify(line)).not.toContain('secret-order');
  });

  it.each([
    ['/v1/orders/nobody/status', 404, 'not-found'],
    ['/v1/orders/known/status', 409, 'transition-not-allowed'],
  ])('is in the log, whichever part of the gateway answered: %s', async (path, status, code) => {
    await gateway.db.query(
      `insert into orders (order_id, status, version) values ('known', 'pending', 1) on conflict do nothing`,
    );
    const answer = await post(path, { status: 'delivered' });
    expect(answer).toMatchObject({ status, body: { code } });
    expect(linesOf(answer.body.traceId as string)).toMatchObject([{ code, status }]);
  });

  it.each([
    ['', 'The header Authorization is missing'],
    ['Basic dXNlcjpwYXNz', 'Authorization must be `Bearer <key>`'],
    [`Bearer orderly_abcdefgh_${'x'.repeat(40)}`, 'This key does not exist, or it has expired or been revoked'],
  ])('says what is wrong with the authorization %p', async (authorization, detail) => {
    const answer = await gateway.request('GET', '/v1/queues', { headers: { authorization } });
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated', detail } });
  });

  it.each([
    ['{"id":1 x', 'The body is not JSON in UTF-8: the fault is at position 8'],
    ['{"id":secret}', 'The body is not JSON in UTF-8'],
    ['["in JSON at position 7 (line 1 column 8)"x', 'The body is not JSON in UTF-8: the fault is at position 42'],
  ])('says where the JSON %p has its fault if that is known, and never repeats the body', async (body, detail) => {
    expect(await gateway.post(body)).toMatchObject({ status: 400, body: { code: 'invalid-json', detail } });
  });

  it('is logged sparsely if it had no key', async () => {
    const anonymous = { headers: { authorization: 'Bearer x' } };
    for (let index = 0; index < 20; index += 1) await gateway.request('GET', '/v1/queues', anonymous);
    const written = gateway.logLines.filter((line) => line.includes('"unauthenticated"'));
    expect(written).toHaveLength(1);
  });

  it('is in the audit trail under the trace id of its request, like a pause', async () => {
    await gateway.post(event('traced'));
    const reused = await gateway.post(event('traced', { notify: false }));
    const refused = await post('/v1/orders/known/status', { status: 'delivered' });
    const ids = [reused, refused].map(({ body }) => body.traceId as string);
    expect(await gateway.db.query('select action from audit where trace_id = any($1) order by id', [ids])).toEqual([
      { action: 'event.rejected' },
      { action: 'order.status_refused' },
    ]);
    await post('/v1/queues/notifications/pause');
    await post('/v1/queues/notifications/resume');
    await gateway.post([event('traced')]);
    const { body } = await gateway.get('/v1/audit?limit=3');
    for (const { traceId } of body.entries) expect(traceId).toMatch(traceForm);
  });
});

describe('a missing resource', () => {
  const detailOf = async (path: string): Promise<unknown> => (await gateway.get(path)).body.detail;

  it('is distinguished from an order whose events still wait', async () => {
    const unknown = 'Orderly has no order with this id, and no waiting event for it.';
    expect(await detailOf('/v1/orders/nobody')).toBe(unknown);
    expect(await detailOf('/v1/orders/nobody/timeline')).toBe(unknown);
    await gateway.post([1, 2].map((nth) => ({ ...event(`early-${nth}`), orderId: 'early' })));
    await gateway.db.query(
      `update jobs set state = 'parked', run_at = now() + interval '1 h' where id = (select event_id from events where id = 'early-1')`,
    );
    expect(await detailOf('/v1/orders/early')).toBe(
      'The order does not exist yet: 1 parked event waits for its `order.created`, and 1 event is not processed yet.',
    );
  });

  it.each([
    ['/', 'This path does not exist. /docs shows all calls'],
    ['/v2/orders', 'This path does not exist. /docs shows all calls'],
    ['/v1/jobs/00000000-0000-7000-8000-000000000000', 'No stored job has this id'],
    ['/v1/events/shop/nobody', 'No stored event of this source has this id'],
  ])('gets a detail that says why at %s', async (path, detail) => {
    expect(await gateway.get(path)).toMatchObject({ status: 404, body: { code: 'not-found', detail } });
  });

  it.each([
    ['/v1/queues/nothing/pause', 'No known queue has this name: GET /v1/queues lists them'],
    ['/v1/destinations/nothing/resume', 'No known destination has this name: GET /v1/queues lists them'],
    ['/v1/webhooks/paypal', 'No platform has this name. Known platforms: shopify, standard'],
    ['/v1/webhooks/shopify', 'The platform shopify is not set up'],
  ])('gets a detail that names the alternatives at %s', async (path, detail) => {
    expect(await post(path)).toMatchObject({ status: 404, body: { detail } });
  });

  it('is logged at start-up, with the variable to set, if a platform has no secret', () => {
    const lines = gateway.logLines.map((line) => JSON.parse(line) as Line).filter(({ platform }) => platform === 'shopify');
    expect(lines).toMatchObject([{ variable: 'ORDERLY_WEBHOOKS_SHOPIFY_SECRETS' }]);
  });
});

it('an empty JSON body counts as no body: it pauses a queue, but is not an event', async () => {
  expect(await post('/v1/queues/maintenance/pause')).toMatchObject({ status: 200, body: { changed: true } });
  expect(await gateway.post('')).toMatchObject({ status: 400, body: { code: 'invalid-json', detail: 'The body is empty' } });
});

it('a manual change is answered with an id that finds its event', async () => {
  await gateway.db.query(`insert into orders (order_id, status, version) values ('by-hand', 'pending', 1)`);
  const { status, body } = await post('/v1/orders/by-hand/status', { status: 'confirmed' });
  expect(status).toBe(202);
  expect((await gateway.get(`/v1/events/manual/${body.id as string}`)).body).toMatchObject({
    eventId: body.eventId,
    id: body.id,
  });
});
