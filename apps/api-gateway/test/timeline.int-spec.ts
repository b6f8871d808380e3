import { event, startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

/** A life with one entry of each kind, in rows as workers write them. */
async function live(orderId: string): Promise<void> {
  const moved = (id: string, status: string) => event(id, { orderId, type: 'order.status_changed', data: { status } });
  const { body } = await gateway.post([
    event(`${orderId}-1`, { orderId }),
    moved(`${orderId}-2`, 'confirmed'),
    moved(`${orderId}-3`, 'delivered'),
    moved(`${orderId}-4`, 'pending'),
    moved(`${orderId}-5`, 'processing'),
  ]);
  const [created, confirmed, delivered, refused] = (body.results as { eventId: string }[]).map(({ eventId }) => eventId);
  const { db } = gateway;
  await db.query(`insert into orders (order_id, status, version) values ($1, 'confirmed', 2)`, [orderId]);
  await db.query(
    `insert into order_changes (order_id, version, from_status, to_status, occurred_at, event_id) values
     ($1, 1, null, 'pending', now(), $2), ($1, 2, 'pending', 'confirmed', now(), $3)`,
    [orderId, created, confirmed],
  );
  await db.query(
    `update jobs set state = 'ended', outcome = 'done', ended_at = now(), result_version = case id when $1::uuid then 1 else 2 end
     where id = any(array[$1, $2]::uuid[])`,
    [created, confirmed],
  );
  await db.query(`update jobs set state = 'parked', wait_reason = 'parked', run_at = now() + interval '15 min' where id = $1`, [
    delivered,
  ]);
  await db.query(
    `update jobs set state = 'ended', outcome = 'dead', ended_at = now(), error_code = 'transition-not-allowed', error_message = 'no',
       fingerprint = 'transition-not-allowed:apply-order-event', detail = '{"current":"confirmed","allowed":["shipped"]}' where id = $1`,
    [refused],
  );
  await db.query(
    `with sync as (
       insert into jobs (id, name, queue, priority, payload, state, wait_reason, run_at, outcome, ended_at, order_id, destination,
         version, result_version, attempts_used, error_code, error_message, traceparent)
       select uuid_floor(now() + version * interval '1 ms'), 'sync-order', 'order-sync.erp', 3, '{}', state,
         case state when 'runnable' then 'retry' end, now() + interval '8 s', case state when 'ended' then 'done' end,
         case state when 'ended' then now() end, $1, 'erp', version, case state when 'ended' then version end, version,
         case state when 'runnable' then 'destination-failed' end, case state when 'runnable' then 'Bad gateway' end,
         '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'
       from (values (1, 'ended'), (2, 'runnable')) as v(version, state)
       returning id, version, state
     ), tries as (
       insert into attempts (job_id, number, started_at, outcome, used_attempt, response_status, confirmation_id)
       select id, 1, now(), 'x', true, case version when 1 then 201 else 502 end, case version when 1 then 'erp-77' end from sync
     )
     insert into lanes (order_id, destination, head, acked_version) select $1, 'erp', id, 1 from sync where state = 'runnable'`,
    [orderId],
  );
  await db.query(
    `with notification as (
       insert into jobs (id, name, queue, priority, payload, state, outcome, ended_at, order_id, version)
       select uuid_floor(now() + n * interval '1 ms' + interval '10 ms'), 'send-notification', 'notifications', 2, '{}',
         case n when 1 then 'ended' else 'runnable' end, case n when 1 then 'done' end, case n when 1 then now() end, $1, n
       from generate_series(1, 2) n returning id, version
     )
     insert into messages (id, order_id, version, kind, channel, recipient, state, provider_id)
     select id, $1, version, 'created', 'email', 'c@example.org', case version when 1 then 'sent' else 'queued' end,
       case version when 1 then '<1@shop.example>' end from notification`,
    [orderId],
  );
  await db.query(
    `insert into audit (id, action, order_id, actor, code, from_status, to_status, version)
     values (gen_random_uuid(), 'order.status_refused', $1, 'test', 'version-conflict', 'confirmed', 'cancelled', 2)`,
    [orderId],
  );
  await db.query(
    `insert into processes (id, service, host, pid, queues) values (gen_random_uuid(), 'w', 'h', 1, '{order-sync.erp}') on conflict do nothing`,
  );
}

describe('GET /v1/orders/{orderId}/timeline', () => {
  it('shows the past and the open work, each fact once, with links that work', async () => {
    const orderId = 'tl/1?%';
    await live(orderId);
    const path = `/v1/orders/${encodeURIComponent(orderId)}/timeline`;
    const { status, body } = await gateway.get(path);
    expect(status).toBe(200);
    expect(body).toMatchObject({ orderId, status: 'confirmed', version: 2, truncated: false });
    expect(body.now.pending).toMatchObject({ count: 1, first: { state: 'waiting', reason: { code: 'no-worker' } } });
    expect(body.now.parked).toMatchObject([{ eventId: expect.any(String) as string, waitsFor: ['shipped'] }]);
    expect(body.now.destinations).toMatchObject([
      {
        destination: 'erp',
        ackedVersion: 1,
        currentVersion: 2,
        state: 'retrying',
        attemptsUsed: 2,
        attempts: 5,
        reason: { code: 'retry', text: expect.stringContaining('destination-failed (2 of 5 attempts used)') },
        lastError: { code: 'destination-failed', message: 'Bad gateway', responseStatus: 502 },
        traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      },
    ]);
    expect(body.now.messages).toMatchObject([
      { messageKind: 'created', recipient: 'c@example.org', progress: { state: 'waiting' } },
    ]);

    const entries = body.entries as { kind: string; outcome?: string; links?: Record<string, string> }[];
    const count = (kind: string): number => entries.filter((entry) => entry.kind === kind).length;
    expect(['event', 'change', 'delivery', 'message', 'action'].map(count)).toEqual([5, 0, 1, 1, 1]);
    expect(entries.filter(({ kind }) => kind === 'event').map(({ outcome }) => outcome)).toEqual([
      'applied',
      'applied',
      'parked',
      'rejected',
      'pending',
    ]);
    expect(entries.find(({ kind }) => kind === 'delivery')).toMatchObject({ confirmationId: 'erp-77', responseStatus: 201 });
    expect(entries.find(({ kind }) => kind === 'action')).toMatchObject({
      action: 'order.status_refused',
      code: 'version-conflict',
    });
    const links = [body.links.order, ...entries.flatMap(({ links: own = {} }) => Object.values(own))] as string[];
    for (const link of links) expect(await gateway.get(link)).toMatchObject({ status: 200 });
  });

  it('exists for an order with only early events, and not for an unknown order', async () => {
    await gateway.post(event('early', { type: 'order.cancelled', data: {} }));
    expect((await gateway.get('/v1/orders/early/timeline')).body).toMatchObject({
      status: null,
      version: 0,
      now: { pending: { count: 1 } },
    });
    expect(await gateway.get('/v1/orders/nobody/timeline')).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('needs orders:read', async () => {
    const other = await gateway.createKey('ops:read', 'ops:write', 'events:write');
    const answer = await gateway.request('GET', '/v1/orders/early/timeline', { headers: { authorization: `Bearer ${other}` } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
