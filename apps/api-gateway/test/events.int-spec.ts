import { eventually } from '@orderly/testing';
import { event, startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('POST /v1/events', () => {
  it('answers 202 once the event and its job are in the ledger, and hands the job over', async () => {
    const answer = await gateway.post(event('first'));
    expect(answer.status).toBe(202);
    expect(answer.body).toEqual({
      eventId: expect.any(String),
      id: 'first',
      orderId: 'first',
      status: 'accepted',
      links: { self: '/v1/events/shop/first', order: '/v1/orders/first', job: `/v1/jobs/${answer.body.eventId}` },
    });
    const [job] = await gateway.db.query('select * from jobs where id = $1', [answer.body.eventId]);
    expect(job).toMatchObject({ name: 'apply-order-event', state: 'runnable', order_id: 'first', priority: 2 });
    await eventually(() =>
      expect(gateway.relayed).toContainEqual({
        id: answer.body.eventId,
        name: 'apply-order-event',
        queue: 'order-status',
        priority: 2,
      }),
    );
  });

  it('stores one of 200 equal events that arrive at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => gateway.post(event('storm'))));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(answers.map(({ body }) => body.eventId as string)).size).toBe(1);
    expect(answers.filter(({ body }) => body.status === 'accepted')).toHaveLength(1);
    expect(await gateway.db.query(`select 1 from events where id = 'storm'`)).toHaveLength(1);
    expect(await gateway.db.query(`select 1 from jobs where order_id = 'storm'`)).toHaveLength(1);
  });

  it('accepts the events of a batch in their order', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `ordered-${(index * 617) % 1000}`);
    const answer = await gateway.post(ids.map((id) => event(id)));
    expect(answer.body).toMatchObject({ accepted: 1000, duplicates: 0, rejected: 0 });
    const rows = await gateway.db.query<{ id: string }>(`select id from events where id like 'ordered-%' order by acceptance`);
    expect(rows.map(({ id }) => id)).toEqual(ids);
  });

  it('accepts consecutive events in their order', async () => {
    for (let index = 0; index < 20; index++) await gateway.post(event(`serial-${index}`));
    const rows = await gateway.db.query<{ id: string }>(`select id from events where id like 'serial-%' order by acceptance`);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => `serial-${index}`));
  });

  it('stores the batch label and the producer’s trace with events and jobs', async () => {
    const { body } = await gateway.post(event('traced'), { traceparent, tracestate: 'vendor=1', 'orderly-batch': 'import-7' });
    for (const [table, key] of [
      ['events', 'event_id'],
      ['jobs', 'id'],
    ]) {
      const [row] = await gateway.db.query(`select batch, traceparent, tracestate from ${table} where ${key} = $1`, [
        body.eventId,
      ]);
      expect(row).toEqual({ batch: 'import-7', traceparent, tracestate: 'vendor=1' });
    }
    const { body: other } = await gateway.post(event('untraced'), { traceparent: 'nonsense' });
    const [row] = await gateway.db.query('select traceparent from events where event_id = $1', [other.eventId]);
    expect(row).toEqual({ traceparent: null });
  });

  it('treats a repeated event as a duplicate, however it is formatted', async () => {
    const { body: first } = await gateway.post(event('twice'));
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(event('twice')).reverse()), null, 2);
    expect((await gateway.post(reversed)).body).toMatchObject({ status: 'duplicate', eventId: first.eventId });
  });

  it('does not wait for an engine that hangs', async () => {
    const hanging = await startGateway({
      engine: { add: () => new Promise(() => undefined), release: async () => undefined, close: async () => undefined },
    });
    try {
      expect((await hanging.post(event('one'))).status).toBe(202);
      expect((await hanging.post(event('two'))).status).toBe(202);
    } finally {
      await hanging.stop();
    }
  });
});
