import { event, startGateway, type Answer, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
  await gateway.post(
    Array.from({ length: 5 }, (_, n) => event(`l-${n}`)),
    { 'orderly-batch': 'lists' },
  );
  await gateway.post(event('other', { source: 'till' }));
  await gateway.db.query(`
    insert into orders (order_id, status, version, data, created_at)
      select 'l-' || n, 'pending', 1, '{"customer":{"id":"c-1"}}', timestamptz '2026-01-01T00:00:00.000123Z' + n * interval '1 microsecond'
      from generate_series(0, 4) n;
    update jobs set state = 'ended', outcome = 'done', result_version = 1, ended_at = now() where order_id in ('l-0', 'l-1');
    update jobs set state = 'parked', wait_reason = 'parked', run_at = '2030-01-01T00:00:00Z' where order_id = 'l-2';
    update jobs set state = 'ended', outcome = 'dead', error_code = 'order-unknown', ended_at = now(),
      fingerprint = 'order-unknown:apply-order-event' where order_id = 'l-3';
    insert into lanes (order_id, destination, head, blocked_by)
      select 'l-' || n, 'erp', case when n > 2 then gen_random_uuid() end, case when n = 3 then gen_random_uuid() end
      from generate_series(0, 4) n;
    insert into messages (id, order_id, version, kind, channel, recipient, state, batch)
      select id, order_id, 1, 'created', 'email', 'c-1@example.org', 'sent', batch from jobs where order_id in ('l-0', 'l-1')`);
});
afterAll(() => gateway.stop());

/** The ids of a list, from all its pages. */
async function readAll(path: string, name: string, id: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const { status, body }: Answer = await gateway.get(`${path}&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
    expect(status).toBe(200);
    ids.push(...(body[name] as Record<string, string>[]).map((row) => row[id]!));
    cursor = body.nextCursor as string | null;
  } while (cursor !== null);
  return ids;
}

describe('a list', () => {
  const newest = ['l-4', 'l-3', 'l-2', 'l-1', 'l-0'];

  it.each<[path: string, name: string, id: string, expected: string[]]>([
    ['/v1/events?batch=lists', 'events', 'id', newest],
    ['/v1/events?customerId=c-1', 'events', 'id', newest],
    ['/v1/events?orderId=l-3', 'events', 'id', ['l-3']],
    ['/v1/events?source=till', 'events', 'id', ['other']],
    ['/v1/events?type=order.created', 'events', 'id', ['other', ...newest]],
    ['/v1/events?status=pending', 'events', 'id', ['other', 'l-4']],
    ['/v1/events?status=applied', 'events', 'id', ['l-1', 'l-0']],
    ['/v1/events?status=rejected&batch=lists', 'events', 'id', ['l-3']],
    ['/v1/events?to=2020-01-01T00:00:00%2B01:00', 'events', 'id', []],
    ['/v1/orders?limit=2', 'orders', 'orderId', newest],
    ['/v1/orders?customerId=c-1&status=pending', 'orders', 'orderId', newest],
    ['/v1/orders?batch=lists', 'orders', 'orderId', newest.toReversed()],
    ['/v1/orders?destination=erp', 'orders', 'orderId', ['l-3']],
    ['/v1/orders?destination=erp&lane=open', 'orders', 'orderId', ['l-4']],
    ['/v1/orders?from=2025-12-31T00:00:00Z&to=2026-01-01T00:00:00Z', 'orders', 'orderId', []],
    ['/v1/jobs?batch=lists', 'jobs', 'orderId', newest],
    ['/v1/jobs?name=apply-order-event', 'jobs', 'orderId', ['other', ...newest]],
    ['/v1/jobs?state=ended&outcome=done', 'jobs', 'orderId', ['l-1', 'l-0']],
    ['/v1/jobs?fingerprint=order-unknown:apply-order-event', 'jobs', 'orderId', ['l-3']],
    ['/v1/jobs?destination=erp', 'jobs', 'orderId', []],
    ['/v1/dead-letters?code=order-unknown', 'deadLetters', 'orderId', ['l-3']],
    ['/v1/messages?batch=lists&state=sent', 'messages', 'orderId', ['l-1', 'l-0']],
    ['/v1/messages?kind=created&channel=email', 'messages', 'orderId', ['l-1', 'l-0']],
    ['/v1/messages?customerId=nobody', 'messages', 'orderId', []],
  ])('returns all matches page by page: %s', async (path, name, id, expected) => {
    // If the path has a limit of its own, a second one would be refused.
    expect(await readAll(path.replace('?limit=2', '?'), name, id)).toEqual(expected);
  });

  it('shows the outcome of each event, and the deadline and missing steps of a parked one', async () => {
    const { body } = await gateway.get('/v1/events?status=parked');
    expect(body.events).toEqual([
      expect.objectContaining({
        id: 'l-2',
        outcome: { status: 'parked', deadline: '2030-01-01T00:00:00.000Z', waitsFor: expect.any(Array) },
        links: { self: '/v1/events/shop/l-2', order: '/v1/orders/l-2', job: expect.stringMatching(/^\/v1\/jobs\//) },
      }),
    ]);
    expect(body.events[0]).not.toHaveProperty('data');
  });

  it('shows the lane of the requested destination in a list of orders', async () => {
    const { body } = await gateway.get('/v1/orders?destination=erp');
    expect(body.orders).toEqual([
      {
        ...{ orderId: 'l-3', status: 'pending', version: 1, customerId: 'c-1' },
        createdAt: '2026-01-01T00:00:00.000Z',
        updatedAt: expect.any(String),
        lane: { destination: 'erp', ackedVersion: 0, head: expect.any(String), blockedBy: expect.any(String) },
        links: { self: '/v1/orders/l-3', timeline: '/v1/orders/l-3/timeline' },
      },
    ]);
  });

  it('shows the recipients in a list of messages', async () => {
    const { body } = await gateway.get('/v1/messages?orderId=l-0');
    expect(body.messages).toMatchObject([{ recipient: 'c-1@example.org', state: 'sent', links: { order: '/v1/orders/l-0' } }]);
  });
});

describe('a list is refused', () => {
  const cursorOf = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const anId = '01890000-0000-7000-8000-000000000000';

  it.each([
    '/v1/jobs?colour=red',
    '/v1/jobs?state=asleep',
    '/v1/jobs?name=explode',
    '/v1/jobs?state=ended&state=running',
    '/v1/jobs?limit=0',
    '/v1/jobs?limit=201',
    '/v1/jobs?from=yesterday',
    '/v1/orders?from=0000-01-01T00:00:00Z',
    '/v1/orders?to=9999-12-31T23:59:59-23:59',
    '/v1/orders?lane=open',
    '/v1/orders?customerId=',
    '/v1/orders?customerId=a%00b',
    '/v1/events?status=lost',
    '/v1/messages?kind=lost',
    '/v1/jobs?cursor=%00',
    '/v1/jobs?cursor=nonsense',
    `/v1/jobs?cursor=${cursorOf(anId)}`,
    `/v1/jobs?cursor=${cursorOf(['jobs', 'x'])}`,
    `/v1/jobs?cursor=${cursorOf(['events', anId])}`,
    `/v1/orders?cursor=${cursorOf(['orders', { orderId: 'a' }])}`,
    `/v1/orders?batch=x&cursor=${cursorOf(['orders', { orderId: 'a', createdAt: '2026-01-01T00:00:00.000000Z' }])}`,
    `/v1/orders?cursor=${cursorOf(['orders', { orderId: 'a', createdAt: '0000-01-01T00:00:00.000000Z' }])}`,
    `/v1/orders?cursor=${cursorOf(['orders', { orderId: 'a', createdAt: 'infinity' }])}`,
    `/v1/audit?cursor=${cursorOf(['jobs', anId])}`,
  ])('if a parameter is invalid: %s', async (path) => {
    expect(await gateway.get(path)).toMatchObject({
      status: 422,
      body: { code: 'validation-failed', detail: expect.any(String) },
    });
  });

  it.each([
    ['/v1/events', 'orders:read'],
    ['/v1/orders', 'orders:read'],
    ['/v1/jobs', 'ops:read'],
    ['/v1/messages', 'ops:read'],
  ])('at %s if the key lacks the scope %s', async (path, scope) => {
    const key = await gateway.createKey('events:write', scope === 'ops:read' ? 'orders:read' : 'ops:read');
    const answer = await gateway.request('GET', path, { headers: { authorization: `Bearer ${key}` } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
