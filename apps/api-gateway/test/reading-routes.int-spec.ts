import { event, startGateway, type Answer, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

describe('the reading routes', () => {
  it('show an event with its outcome, whatever characters its ids have', async () => {
    const { body: posted } = await gateway.post(event('a/b?c%d é', { orderId: 'o/1%?#', source: 's/1' }));
    const { status, body } = await gateway.get(posted.links.self);
    expect(status).toBe(200);
    expect(body).toMatchObject({ id: 'a/b?c%d é', source: 's/1', orderId: 'o/1%?#', outcome: { status: 'pending' } });
    expect(body).toMatchObject({ eventId: posted.eventId, occurredAt: '2026-01-01T00:00:00.000Z', notify: true });
    await gateway.db.query(`insert into orders (order_id, status, version) values ('o/1%?#', 'pending', 1)`);
    expect((await gateway.get(posted.links.order)).body).toMatchObject({ status: 'pending', version: 1, history: [], lanes: [] });
  });

  it('show a job with its attempts', async () => {
    const { body: posted } = await gateway.post(event('job'));
    const { body } = await gateway.get(posted.links.job);
    expect(body).toMatchObject({
      id: posted.eventId,
      state: 'runnable',
      attemptsUsed: 0,
      attempts: [],
      payload: { orderId: 'job' },
    });
  });

  it('page through dead letters', async () => {
    const { body } = await gateway.post(Array.from({ length: 3 }, (_, index) => event(`dead-${index}`)));
    const ids = (body.results as { eventId: string }[]).map(({ eventId }) => eventId);
    await gateway.db.query(
      `update jobs set state = 'ended', outcome = 'dead', error_code = 'order-unknown', ended_at = now() where id = any($1)`,
      [ids],
    );
    const first = await gateway.get('/v1/dead-letters?limit=2');
    expect(first.body.deadLetters).toHaveLength(2);
    expect(first.body.deadLetters[0]).toMatchObject({ outcome: 'dead', errorCode: 'order-unknown' });
    const second = await gateway.get(`/v1/dead-letters?limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body).toMatchObject({ deadLetters: [{}], nextCursor: null });
  });

  it('count the jobs of one batch', async () => {
    await gateway.post([event('s-1'), event('s-2')], { 'orderly-batch': 'counted' });
    const { body } = await gateway.get('/v1/stats?batch=counted');
    expect(body).toMatchObject({
      batch: 'counted',
      events: { accepted: 2 },
      orders: { unknown: 2 },
      open: 2,
      parked: 0,
      blocked: 0,
    });
    expect((await gateway.get('/v1/stats')).body.events.accepted).toBeGreaterThan(2);
  });

  it('count the last five minutes by default, and refuse a time span of more than one hour', async () => {
    const at = (hour: number): string => `2026-01-15T${String(hour).padStart(2, '0')}:00:00.000Z`;
    const span = (query: string): Promise<Answer> => gateway.get(`/v1/stats?${query}`);
    expect(await span(`from=${at(9)}&to=${at(10)}`)).toMatchObject({
      body: { from: at(9), to: at(10), events: { accepted: 0 } },
    });
    expect(await span(`from=${at(9)}`)).toMatchObject({ body: { batch: null, from: at(9), to: at(10) } });
    expect(await span(`to=${at(10)}`)).toMatchObject({ body: { from: at(9), to: at(10) } });
    const { body: recent } = await span('');
    expect(Date.parse(recent.to) - Date.parse(recent.from)).toBe(300_000);
    const refused = [`from=${at(9)}&to=${at(11)}`, `from=${at(10)}&to=${at(9)}`, `batch=b&to=${at(9)}`, `from=x&to=${at(9)}`];
    for (const query of refused) {
      expect(await span(query)).toMatchObject({
        status: 422,
        body: { code: 'validation-failed', errors: [{ parameter: 'from' }] },
      });
    }
  });

  it.each([
    ['/v1/events/shop/job', 'orders:read'],
    ['/v1/orders/x', 'orders:read'],
    ['/v1/jobs/x', 'ops:read'],
    ['/v1/dead-letters', 'ops:read'],
    ['/v1/stats', 'ops:read'],
  ])('refuse %s without %s', async (path, scope) => {
    const other = await gateway.createKey('events:write', scope === 'ops:read' ? 'orders:read' : 'ops:read');
    const answer = await gateway.request('GET', path, { headers: { authorization: `Bearer ${other}` } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden', detail: expect.stringContaining(scope) } });
  });
});
