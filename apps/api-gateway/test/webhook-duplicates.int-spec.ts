import { buildOrder } from '@orderly/platforms/testing';
import { eventually } from '@orderly/testing';
import { event, startGateway, type Answer, type RunningGateway, type TestGateway } from './gateway';
import { holdEvent } from './hold-event';
import {
  countsOf,
  deliver,
  shopifyDelivery,
  standardDelivery,
  webhookConfig,
  without,
  type Delivery,
} from './webhook-deliveries';

let gateway: TestGateway;
let peer: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway({}, webhookConfig);
  peer = await gateway.startPeer();
});
afterAll(() => gateway.stop());

const post = (delivery: Delivery): Promise<Answer> => deliver(gateway, delivery);
let lastOrder = 800_000;
const newOrder = (overrides: object = {}): Record<string, unknown> => {
  const id = ++lastOrder;
  return buildOrder({ id, admin_graphql_api_id: `gid://shopify/Order/${id}`, ...overrides });
};
const asDuplicate = ({ events }: { events: object[] }): object => ({
  duplicate: true,
  events: events.map((one) => ({ ...one, status: 'duplicate' })),
});

describe('a repeated delivery', () => {
  it('is answered 200 with the same events, marked as duplicate, and has no effect', async () => {
    const delivery = shopifyDelivery(newOrder());
    const first = await post(delivery);
    const before = await countsOf(gateway);
    expect(await post(delivery)).toMatchObject({ status: 200, body: asDuplicate(first.body) });
    expect(await countsOf(gateway)).toEqual(before);
  });

  it('is a duplicate whatever its body says, because the platform chose the id', async () => {
    const headers = { 'x-shopify-event-id': 'the-same' };
    const first = await post(shopifyDelivery(newOrder(), 'orders/create', { headers }));
    const again = await post(shopifyDelivery(newOrder(), 'orders/create', { headers }));
    expect(again).toMatchObject({ status: 200, body: asDuplicate(first.body) });
  });

  it('is recognised by its webhook id if it has no event id', async () => {
    const bare = (id: string): Delivery =>
      without(shopifyDelivery(newOrder(), 'orders/create', { headers: { 'x-shopify-webhook-id': id } }), 'x-shopify-event-id');
    const first = await post(bare('one'));
    expect((await post(bare('one'))).body).toEqual(asDuplicate(first.body));
    expect((await post(bare('two'))).body).toMatchObject({ duplicate: false });
  });

  it('is distinct from a delivery of another topic or shop with the same id', async () => {
    const order = newOrder({ financial_status: 'paid' });
    const headers = { 'x-shopify-event-id': 'shared' };
    for (const topic of ['orders/create', 'orders/paid', 'orders/updated']) {
      expect((await post(shopifyDelivery(order, topic, { headers }))).body).toMatchObject({ duplicate: false });
    }
    const elsewhere = { ...headers, 'x-shopify-shop-domain': 'chairs.myshopify.com' };
    expect((await post(shopifyDelivery(order, 'orders/create', { headers: elsewhere }))).body).toMatchObject({
      duplicate: false,
    });
  });

  it('is recognised by its events if only its unsigned id differs, and is in the audit trail', async () => {
    const order = newOrder({ financial_status: 'refunded', refunds: [{ id: 1, created_at: '2026-02-03T10:00:00-05:00' }] });
    const first = await post(shopifyDelivery(order, 'orders/updated'));
    expect(first.body.events).toHaveLength(2);
    const events = (await countsOf(gateway)) as { events: number };
    expect(await post(shopifyDelivery(order, 'orders/updated'))).toMatchObject({ status: 200, body: asDuplicate(first.body) });
    expect(await countsOf(gateway)).toMatchObject({ events: events.events });
    const ids = (first.body.events as { eventId: string }[]).map(({ eventId }) => eventId);
    expect(
      await gateway.db.query('select action, actor, on_behalf_of from audit where event_id = any($1::uuid[])', [ids]),
    ).toEqual(Array(2).fill({ action: 'event.duplicate', actor: 'webhook shopify', on_behalf_of: 'shopify:lamps' }));
  });

  it('is refused every time if its content differs under a sender-chosen id, and is in the audit trail', async () => {
    const first = await post(standardDelivery(event('told-twice')));
    const other = standardDelivery(event('told-twice', { data: { customer: { id: 'c-2' } } }));
    const refused = await post(other);
    expect(refused).toMatchObject({ status: 409, body: { code: 'event-id-reused', errors: [{ pointer: '#/id' }] } });
    expect(await post(other)).toMatchObject({ status: 409, body: refused.body });
    const [stored] = await gateway.db.query<{ data: unknown }>(`select data from events where id = 'told-twice'`);
    expect(stored?.data).toEqual({ customer: { id: 'c-1' } });
    expect(await gateway.db.query('select action, code from audit where event_id = $1', [first.body.events[0].eventId])).toEqual([
      { action: 'event.rejected', code: 'event-id-reused' },
    ]);
  });

  it('is answered 200 with rejected events every time if its content differs under an id derived from the body', async () => {
    const order = newOrder();
    const first = await post(shopifyDelivery(order));
    const other = shopifyDelivery({ ...order, total_price: '1.00' });
    const taken = first.body.events as readonly object[];
    const events = taken.map((one) => ({ ...one, status: 'rejected', code: 'event-id-reused' }));
    expect(await post(other)).toMatchObject({ status: 200, body: { duplicate: false, events } });
    expect(await post(other)).toMatchObject({ status: 200, body: { duplicate: true, events } });
  });

  it('is recognised if the event arrives over POST /v1/events', async () => {
    const data = { customer: { id: 'c-1' }, kept: 'in metadata' };
    const bothWays = event('both-ways', { occurredAt: '2026-01-01T02:00:00+02:00', data });
    await gateway.post(bothWays);
    expect((await post(standardDelivery(bothWays))).body).toMatchObject({ duplicate: true });
  });
});

describe('50 concurrent tries of one delivery over two gateways', () => {
  it('all get 2xx, with one set of events and jobs', async () => {
    const order = newOrder({ financial_status: 'refunded', refunds: [{ id: 1, created_at: '2026-02-03T10:00:00-05:00' }] });
    for (const delivery of [shopifyDelivery(order, 'orders/updated'), shopifyDelivery(order), standardDelivery(event('storm'))]) {
      const before = (await countsOf(gateway)) as Record<string, number>;
      const answers = await Promise.all(
        Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? post(delivery) : deliver(peer, delivery))),
      );
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      const bodies = answers.map(({ body }) => body as { duplicate: boolean; events: { eventId: string }[] });
      expect(bodies.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
      expect(new Set(bodies.map(({ events }) => JSON.stringify(events.map(({ eventId }) => eventId)))).size).toBe(1);
      const made = bodies[0]!.events.length;
      expect(await countsOf(gateway)).toEqual({
        events: before['events']! + made,
        jobs: before['jobs']! + made,
        keys: before['keys']! + made,
        answers: before['answers']! + 1,
      });
    }
  });
});

describe('a delivery during an earlier try of itself', () => {
  it('waits until the earlier try ends, and is then a duplicate', async () => {
    const delivery = standardDelivery(event('slow'));
    const release = await holdEvent(gateway.db, 'slow');
    const answers = [post(delivery)];
    await untilWaiting();
    const since = new Date();
    answers.push(post(delivery), deliver(peer, delivery));
    await untilRefused(since);
    await release();
    const bodies = (await Promise.all(answers)).map(({ status, body }) => {
      expect(status).toBe(200);
      return body.duplicate as boolean;
    });
    expect(bodies.sort()).toEqual([false, true, true]);
  });

  it('is told to retry if the earlier try takes too long, and loses nothing', async () => {
    const delivery = standardDelivery(event('stuck'));
    const release = await holdEvent(gateway.db, 'stuck');
    const first = post(delivery);
    await untilWaiting();
    for (const answer of await Promise.all([first, post(delivery)])) {
      expect(answer).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
      expect(answer.headers.get('retry-after')).toBe('5');
    }
    await release();
    await eventually(async () => expect(await post(delivery)).toMatchObject({ status: 200 }));
    expect(await gateway.db.query(`select 1 from events where id = 'stuck'`)).toHaveLength(1);
  });
});

it('a delivery gets 503 with Retry-After while PostgreSQL is away, and is accepted afterwards', async () => {
  const delivery = shopifyDelivery(newOrder());
  await gateway.proxy.cut();
  const answer = await post(delivery);
  expect(answer).toMatchObject({ status: 503, body: { code: 'database-unavailable' } });
  expect(answer.headers.get('retry-after')).toBe('5');
  expect(await post(shopifyDelivery({}, 'products/update'))).toMatchObject({ status: 200 });
  await gateway.proxy.restore();
  expect(await post(delivery)).toMatchObject({ status: 200, body: { duplicate: false } });
});

/** Resolves when the try holds its own lock and waits for that of the event. */
const untilWaiting = (): Promise<void> =>
  eventually(async () =>
    expect(
      await gateway.db.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'api-gateway'
           and wait_event_type = 'Lock'`,
      ),
    ).not.toEqual([]),
  );

/** Resolves when a try on each gateway was refused the lock of the delivery. */
const untilRefused = (since: Date): Promise<void> =>
  eventually(async () =>
    expect(
      await gateway.db.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'api-gateway'
           and state = 'idle' and state_change > $1`,
        [since],
      ),
    ).toHaveLength(2),
  );
