import type { OrderStatus } from '@orderly/contracts';
import { createOrderApplier } from '@orderly/ledger';
import { planWith, startProcess } from '@orderly/ledger/testing';
import { event, startGateway, type ExactAnswer, type TestGateway } from './gateway';

let gateway: TestGateway;
let key: string;
let apply: (eventId: string) => Promise<unknown>;
beforeAll(async () => {
  gateway = await startGateway();
  key = await gateway.createKey('ops:write');
  const ledger = await ledgerOptions();
  const applier = createOrderApplier(ledger, planWith({ followUps: () => ({ syncs: [], messages: [] }) }));
  apply = (jobId) => applier({ jobId });
});
afterAll(() => gateway.stop());

const ledgerOptions = async () => ({
  db: gateway.db,
  processId: await startProcess(gateway.db),
  relay: () => undefined,
  wait: { signal: new AbortController().signal },
});

const change = (orderId: string, body: unknown, headers: Record<string, string> = {}): Promise<ExactAnswer> =>
  gateway.request('POST', `/v1/orders/${encodeURIComponent(orderId)}/status`, {
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** A new order that has gone through these statuses, and the version that it has now. */
async function orderAfter(orderId: string, ...statuses: OrderStatus[]): Promise<void> {
  const moves = statuses.map((status) =>
    event(`${orderId}-${status}`, { orderId, type: 'order.status_changed', data: { status } }),
  );
  const { body } = await gateway.post([event(orderId), ...moves]);
  await apply(body.results[0].eventId);
}

describe('a manual change', () => {
  it('is answered with the path of its event; its reason and person reach history, audit trail and destinations', async () => {
    await orderAfter('shop/1%', 'confirmed');
    const { status, headers, body } = await change('shop/1%', {
      status: 'cancelled',
      reason: 'The customer asked by phone',
      expectedVersion: 2,
      actor: 'ada',
      notify: false,
    });
    expect(status).toBe(202);
    expect(headers.get('location')).toBe(body.links.self);
    expect(body).toEqual({
      eventId: expect.any(String),
      id: expect.any(String),
      orderId: 'shop/1%',
      status: 'accepted',
      links: {
        self: expect.stringMatching(/^\/v1\/events\/manual\//),
        order: '/v1/orders/shop%2F1%25',
        job: `/v1/jobs/${body.eventId}`,
      },
    });
    expect(gateway.relayed.map(({ id }) => id)).toContain(body.eventId);
    expect((await gateway.get(body.links.self)).body).toMatchObject({ type: 'order.cancelled', outcome: { status: 'pending' } });

    await apply(body.eventId);
    expect((await gateway.get(body.links.self)).body.outcome).toMatchObject({ status: 'applied', version: 3 });
    const order = await gateway.get(body.links.order);
    expect(order.body).toMatchObject({ status: 'cancelled', version: 3 });
    expect((order.body.history as unknown[]).at(-1)).toMatchObject({
      from: 'confirmed',
      to: 'cancelled',
      reason: 'The customer asked by phone',
      eventId: body.eventId,
    });
    const sent = await gateway.db.query(`select to_status, reason from order_changes where order_id = 'shop/1%' and version = 3`);
    expect(sent).toEqual([{ to_status: 'cancelled', reason: 'The customer asked by phone' }]);
    const trail = await gateway.db.query(
      `select action, actor, on_behalf_of, reason, api_key_id is not null as "hasKey" from audit where event_id = $1 order by id`,
      [body.eventId],
    );
    const who = { actor: 'test', on_behalf_of: 'ada', reason: 'The customer asked by phone', hasKey: true };
    expect(trail).toEqual([
      { action: 'order.status_requested', ...who },
      { action: 'event.applied', ...who },
    ]);
  });

  it('changes nothing if the order already has the status', async () => {
    await orderAfter('same', 'confirmed');
    const { status, body } = await change('same', { status: 'confirmed' });
    expect(status).toBe(202);
    await apply(body.eventId);
    expect((await gateway.get(body.links.self)).body.outcome.status).toBe('duplicate');
    expect((await gateway.get(body.links.order)).body.version).toBe(2);
  });

  it('continues the trace of the request', async () => {
    await orderAfter('traced');
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const { body } = await change('traced', { status: 'confirmed' }, { traceparent });
    const [row] = await gateway.db.query(
      `select j.traceparent, a.trace_id from jobs j join audit a on a.event_id = j.id where j.id = $1`,
      [body.eventId],
    );
    expect(row).toEqual({ traceparent, trace_id: 'a'.repeat(32) });
  });
});

describe('a manual change that can never be applied', () => {
  it('gets 404 for an unknown order', async () => {
    expect(await change('nobody', { status: 'confirmed' })).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });

  it('gets 409 with the current and the allowed statuses if the transition is not allowed', async () => {
    await orderAfter('early');
    const { status, headers, body } = await change('early', { status: 'delivered', actor: 'ada' });
    expect(status).toBe(409);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({
      code: 'transition-not-allowed',
      title: 'The order cannot change from its current status to this one.',
      current: 'pending',
      allowed: ['confirmed', 'cancelled'],
    });
    expect(body).not.toHaveProperty('currentVersion');
    const [row] = await gateway.db.query(
      `select code, on_behalf_of from audit where action = 'order.status_refused' and order_id = 'early'`,
    );
    expect(row).toEqual({ code: 'transition-not-allowed', on_behalf_of: 'ada' });
  });

  it('gets 412 with the current version if it expects another', async () => {
    await orderAfter('moved', 'confirmed', 'processing');
    const { status, body } = await change('moved', { status: 'shipped', expectedVersion: 2 });
    expect(status).toBe(412);
    expect(body).toMatchObject({ code: 'version-conflict', currentVersion: 3 });
    expect(body).not.toHaveProperty('current');
  });

  it('is accepted if an earlier accepted event may still make it possible', async () => {
    await orderAfter('soon');
    await gateway.post(event('soon-confirmed', { orderId: 'soon', type: 'order.status_changed', data: { status: 'confirmed' } }));
    const { status, body } = await change('soon', { status: 'processing' });
    expect(status).toBe(202);
    await apply(body.eventId);
    expect((await gateway.get(body.links.order)).body).toMatchObject({ status: 'processing', version: 3 });
  });
});

describe('two concurrent manual changes', () => {
  it('never both succeed if they expect the same version', async () => {
    const orderIds = Array.from({ length: 15 }, (_, index) => `race-${index}`);
    for (const orderId of orderIds) await orderAfter(orderId);
    await Promise.all(
      orderIds.map(async (orderId) => {
        const answers = await Promise.all(
          ['confirmed', 'cancelled'].map(async (status) => {
            const answer = await change(orderId, { status, expectedVersion: 1 });
            if (answer.status === 202) await apply(answer.body.eventId);
            return answer;
          }),
        );
        const ends = await Promise.all(
          answers.map(async ({ status, body }) => {
            if (status !== 202) return `${status} ${body.code}`;
            const { outcome } = (await gateway.get(body.links.self)).body;
            return `${outcome.status} ${outcome.code ?? ''}`.trim();
          }),
        );
        expect(ends).toContain('applied');
        const other = ends.toSpliced(ends.indexOf('applied'), 1);
        expect(['412 version-conflict', 'rejected version-conflict']).toContain(other[0]);
      }),
    );
    expect(await gateway.db.query(`select distinct version from orders where order_id like 'race-%'`)).toEqual([{ version: 2 }]);
  });
});

describe('a manual change with an Idempotency-Key', () => {
  it('gets the first answer again on a retry, and is one event', async () => {
    await orderAfter('again');
    const body = { status: 'confirmed', expectedVersion: 1 };
    const first = await change('again', body, { 'idempotency-key': '"k-1"' });
    await apply(first.body.eventId);
    const second = await change('again', body, { 'idempotency-key': '"k-1"' });
    expect([second.status, second.text]).toEqual([202, first.text]);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await gateway.db.query(`select from events where order_id = 'again' and manual`)).toHaveLength(1);
    expect((await change('again', { ...body, status: 'cancelled' }, { 'idempotency-key': '"k-1"' })).status).toBe(422);
  });

  it('gets the same refusal again, until another key makes it a new decision', async () => {
    await orderAfter('refused');
    const body = { status: 'processing' };
    const first = await change('refused', body, { 'idempotency-key': 'k-2' });
    expect(first.status).toBe(409);
    await gateway.db.query(`update orders set status = 'confirmed', version = 2 where order_id = 'refused'`);
    expect((await change('refused', body, { 'idempotency-key': 'k-2' })).text).toBe(first.text);
    expect((await change('refused', body, { 'idempotency-key': 'k-3' })).status).toBe(202);
  });

  it('is decided after the creation of its order has arrived', async () => {
    const headers = { 'idempotency-key': 'k-4' };
    expect((await change('late', { status: 'confirmed' }, headers)).status).toBe(404);
    await orderAfter('late');
    expect((await change('late', { status: 'confirmed' }, headers)).status).toBe(202);
  });
});

describe('a malformed manual change', () => {
  it.each([
    ['without a status', {}, '#/status'],
    ['with an unknown status', { status: 'lost' }, '#/status'],
    ['with an unknown field', { status: 'confirmed', version: 3 }, '#/version'],
    ['with a version that no order has', { status: 'confirmed', expectedVersion: 0 }, '#/expectedVersion'],
    ['with a version that is no whole number', { status: 'confirmed', expectedVersion: 1.5 }, '#/expectedVersion'],
    ['with a version beyond what is counted', { status: 'confirmed', expectedVersion: 3_000_000_000 }, '#/expectedVersion'],
    ['with a reason without end', { status: 'confirmed', reason: 'x'.repeat(1001) }, '#/reason'],
    ['with text that cannot be kept', { status: 'confirmed', actor: 'a\0' }, '#/actor'],
    ['with nobody as its actor', { status: 'confirmed', actor: '' }, '#/actor'],
    ['that is a list', [{ status: 'confirmed' }], '#'],
  ])('is refused with a pointer to the fault: %s', async (_what, body, pointer) => {
    const answer = await change('nobody', body);
    expect(answer).toMatchObject({ status: 422, body: { code: 'validation-failed', errors: [{ pointer }] } });
  });

  it('is refused without a body, and for an impossible order id', async () => {
    expect(await change('nobody', '')).toMatchObject({ status: 400, body: { code: 'invalid-json' } });
    expect(await change('x'.repeat(129), { status: 'confirmed' })).toMatchObject({ status: 422 });
  });

  it('needs the scope ops:write', async () => {
    const reader = await gateway.createKey('events:write', 'orders:read', 'ops:read');
    const answer = await change('nobody', { status: 'confirmed' }, { authorization: `Bearer ${reader}` });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
