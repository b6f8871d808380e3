import { recordAudit } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { event, startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
});
afterAll(() => gateway.stop());

const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('GET /v1/audit', () => {
  it('shows who repeated an event, and who reused its id for another', async () => {
    const { body: posted } = await gateway.post(event('again'));
    await gateway.post(event('again'), { traceparent });
    await gateway.post(event('again', { notify: false }));
    const { status, body } = await gateway.get('/v1/audit?orderId=again');
    expect(status).toBe(200);
    const common = {
      id: expect.any(String),
      at: expect.stringMatching(/Z$/),
      orderId: 'again',
      eventId: posted.eventId,
      source: 'shop',
      actor: 'test',
      apiKeyId: expect.any(String),
      onBehalfOf: null,
      detail: { id: 'again' },
      links: { order: posted.links.order, job: posted.links.job },
    };
    expect(body).toEqual({
      entries: [
        expect.objectContaining({ ...common, action: 'event.rejected', code: 'event-id-reused' }),
        expect.objectContaining({ ...common, action: 'event.duplicate', code: null, traceId: expect.any(String) }),
      ],
      nextCursor: null,
    });
  });

  it('filters by each parameter, and pages through the matches, newest first', async () => {
    const subjects = ['q-1', 'q-2', 'q-3', 'q-4', 'q-5'];
    for (const subject of subjects) {
      await recordAudit(gateway.db, [
        { action: 'queue.paused', actor: { ...testActor, name: 'operator' }, subject, reason: 'quiet' },
        { action: 'queue.resumed', actor: testActor, subject },
      ]);
    }
    const listed = async (query: string): Promise<string[]> => {
      const { entries } = (await gateway.get(`/v1/audit?${query}`)).body as { entries: Record<string, string>[] };
      return entries.map(({ action, subject }) => `${action} ${subject}`);
    };
    expect(await listed('subject=q-2')).toEqual(['queue.resumed q-2', 'queue.paused q-2']);
    expect(await listed('subject=q-2&action=queue.paused')).toEqual(['queue.paused q-2']);
    expect(await listed('actor=operator')).toEqual(subjects.toReversed().map((subject) => `queue.paused ${subject}`));
    expect(await listed('actor=operator&to=2020-01-01T00:00:00Z')).toEqual([]);
    expect(await listed('actor=operator&from=2020-01-01T00:00:00%2B02:00')).toHaveLength(5);
    expect(await listed('actor=operator&from=9999-12-31T23:59:59Z')).toEqual([]);

    const first = await gateway.get('/v1/audit?action=queue.paused&limit=2');
    expect(first.body.entries).toMatchObject([{ subject: 'q-5', reason: 'quiet', links: {} }, { subject: 'q-4' }]);
    const second = await gateway.get(`/v1/audit?action=queue.paused&limit=2&cursor=${first.body.nextCursor}`);
    expect(second.body.entries).toMatchObject([{ subject: 'q-3' }, { subject: 'q-2' }]);
    const third = await gateway.get(`/v1/audit?action=queue.paused&limit=2&cursor=${second.body.nextCursor}`);
    expect(third.body).toMatchObject({ entries: [{ subject: 'q-1' }], nextCursor: null });
  });

  it.each([
    'action=order.eaten',
    'cursor=x',
    'limit=0',
    'limit=201',
    'from=yesterday',
    'orderId=a%20b',
    'actor=',
    'actor=%00',
    'code=x',
  ])('refuses %s', async (query) => {
    expect(await gateway.get(`/v1/audit?${query}`)).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
  });

  it('needs the scope ops:read', async () => {
    const other = await gateway.createKey('events:write', 'orders:read');
    const answer = await gateway.request('GET', '/v1/audit', { headers: { authorization: `Bearer ${other}` } });
    expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});
