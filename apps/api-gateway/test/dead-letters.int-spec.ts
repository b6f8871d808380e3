import { carryOutStep } from '@orderly/ledger';
import { startGateway, type TestGateway } from './gateway';
import { createOperator } from './letters';

let gateway: TestGateway;
let operator: Awaited<ReturnType<typeof createOperator>>;

beforeAll(async () => {
  gateway = await startGateway();
  operator = await createOperator(gateway);
});
beforeEach(async () => {
  gateway.relayed.length = 0;
  await gateway.db.query('truncate jobs, attempts, lanes, orders, order_changes, operations, holds, idempotency_keys');
});
afterAll(() => gateway.stop());

const jobOf = async (id: string): Promise<unknown> => (await gateway.get(`/v1/jobs/${id}`)).body;
const list = async <Item>(path: string, name: string): Promise<Item[]> =>
  ((await gateway.get(path)).body as Record<string, Item[]>)[name]!;

/** Does all steps of all operations at once, as workers would over time. */
async function carryOut(): Promise<void> {
  do await gateway.db.query('update operations set next_at = now()');
  while ((await carryOutStep(gateway.db)).worked);
}

describe('GET /v1/dead-letters', () => {
  it("shows each letter with its attempts, its trace and the partner's own words", async () => {
    const id = await operator.addEnded('o-1', 'dead');
    const { body } = await gateway.get('/v1/dead-letters');
    expect(body.deadLetters).toMatchObject([
      {
        id,
        errorCode: 'destination-refused',
        answer: { status: 422, excerpt: '{"error": "no such customer"}' },
        traceId: 'abc',
        attempts: [{ number: 1, responseStatus: 422, versionSent: 1 }],
        links: { job: `/v1/jobs/${id}`, order: '/v1/orders/o-1' },
      },
    ]);
  });

  it.each([
    ['fingerprint=job-failed:crm', ['o-2']],
    ['code=destination-refused', ['o-1']],
    ['job=sync-order', ['o-2', 'o-1']],
    ['job=send-notification', []],
    ['destination=crm', ['o-2']],
    ['orderId=o-1', ['o-1']],
    ['since=2999-01-01T00:00:00Z', []],
    ['until=2999-01-01T00:00:00Z&since=2000-01-01T00:00:00Z', ['o-2', 'o-1']],
    ['destination=crm&code=destination-refused', []],
  ])('filters by %s', async (query, orders) => {
    await operator.addEnded('o-1', 'dead');
    await operator.addEnded('o-2', 'dead', 'crm', 'job-failed');
    await operator.addEnded('o-3', 'unknown');
    const letters = await list<{ orderId: string }>(`/v1/dead-letters?${query}`, 'deadLetters');
    expect(letters.map(({ orderId }) => orderId)).toEqual(orders);
  });
});

describe('GET /v1/dead-letters/groups', () => {
  it('counts the letters of each fingerprint, and says whether it is still happening', async () => {
    await operator.addEnded('o-1', 'dead');
    const newest = await operator.addEnded('o-2', 'dead');
    const old = await operator.addEnded('o-3', 'dead', 'crm', 'job-failed');
    await gateway.db.query(`update jobs set ended_at = now() - interval '1 hour' where id = $1`, [old]);
    const { body } = await gateway.get('/v1/dead-letters/groups');
    expect(body.groups).toMatchObject([
      {
        fingerprint: 'destination-refused:erp',
        code: 'destination-refused',
        job: 'sync-order',
        destination: 'erp',
        count: 2,
        isCountExact: true,
        isHappening: true,
        example: { id: newest, answer: { status: 422 } },
      },
      { fingerprint: 'job-failed:crm', count: 1, isHappening: false },
    ]);
    expect((await gateway.get('/v1/dead-letters/groups?destination=crm')).body.groups).toHaveLength(1);
    expect((await gateway.get('/v1/dead-letters/groups?fingerprint=nobody')).body.groups).toEqual([]);
  });
});

describe('POST /v1/dead-letters/redrive', () => {
  const path = '/v1/dead-letters/redrive';
  const filter = { fingerprint: 'destination-refused:erp' };

  it('answers with an operation, and workers send the letters', async () => {
    const ids = [await operator.addEnded('o-1', 'dead'), await operator.addEnded('o-2', 'dead')];
    const { status, body, headers } = await operator.post(path, { filter, perSecond: 10, reason: 'mended', actor: 'ada' });
    expect({ status, body }).toMatchObject({
      status: 202,
      body: {
        kind: 'redrive',
        state: 'running',
        perSecond: 10,
        progress: { matched: 2, sent: 0 },
        actor: 'test',
        onBehalfOf: 'ada',
      },
    });
    expect(headers.get('location')).toBe(`/v1/operations/${body.id}`);
    await carryOut();
    expect((await gateway.get(`/v1/operations/${body.id}`)).body).toMatchObject({
      state: 'done',
      progress: { matched: 2, sent: 2, superseded: 0, skipped: 0 },
      outcomes: { open: 2, done: 0, dead: 0 },
      endedAt: expect.any(String),
    });
    for (const id of ids) expect(await jobOf(id)).toMatchObject({ state: 'runnable', attemptsUsed: 0, operationId: body.id });
    const entries = await list<{ action: string }>('/v1/audit?actor=ada&limit=10', 'entries');
    expect(entries.map(({ action }) => action)).toEqual(['job.redriven', 'job.redriven', 'dead-letters.redrive_requested']);
  });

  it('says with dryRun what would happen, and changes nothing', async () => {
    const id = await operator.addEnded('o-1', 'dead');
    expect(await operator.post(path, { filter, dryRun: true })).toMatchObject({
      status: 200,
      body: { dryRun: true, matched: 1, wouldSend: 1, wouldSupersede: 0, wouldSkip: 0, isComplete: true },
    });
    expect(await jobOf(id)).toMatchObject({ outcome: 'dead' });
    expect(await gateway.db.query('select from operations')).toEqual([]);
  });

  it('runs once for one Idempotency-Key', async () => {
    await operator.addEnded('o-1', 'dead');
    const headers = { 'idempotency-key': '"k-1"' };
    const first = await operator.post(path, { filter }, headers);
    const second = await operator.post(path, { filter }, headers);
    expect(second.body).toEqual(first.body);
    expect(second.headers.get('idempotent-replayed')).toBe('true');
    expect(await gateway.db.query('select from operations')).toHaveLength(1);
  });

  it.each([
    ['everything, without all: true', { filter: {} }, 422, 'filter-too-wide'],
    ['an unknown fingerprint', { filter: { fingerprint: 'nobody' } }, 404, 'fingerprint-unknown'],
    ['a filter that matches nothing', { filter: { destination: 'crm' } }, 404, 'no-dead-letters'],
    ['a known fingerprint that another condition excludes', { filter: { ...filter, orderId: 'o-9' } }, 404, 'no-dead-letters'],
    ['a dry run that matches nothing', { filter: { destination: 'crm' }, dryRun: true }, 404, 'no-dead-letters'],
    [
      'a time with an offset that PostgreSQL does not read',
      { filter: { until: '2001-08-29T22:54:25+18:24' } },
      404,
      'no-dead-letters',
    ],
    ['no filter', {}, 422, 'validation-failed'],
    ['an unknown condition', { filter: { colour: 'red' } }, 422, 'validation-failed'],
    ['all: false', { filter: { all: false } }, 422, 'validation-failed'],
    ['a pace of nothing', { filter, perSecond: 0 }, 422, 'validation-failed'],
    ['ids that are none', { filter: { ids: ['x'] } }, 422, 'validation-failed'],
    ['an unreadable time', { filter: { since: 'yesterday' } }, 422, 'validation-failed'],
  ])('refuses %s', async (_what, body, status, code) => {
    await operator.addEnded('o-1', 'dead');
    expect(await operator.post(path, body)).toMatchObject({ status, body: { code } });
    expect(await gateway.db.query('select from operations')).toEqual([]);
  });

  it('takes everything with all: true', async () => {
    await operator.addEnded('o-1', 'dead');
    await operator.addEnded('o-2', 'dead', 'crm');
    const { body } = await operator.post(path, { filter: { all: true } });
    expect(body.progress.matched).toBe(2);
  });

  it('is stopped by a cancel, which is idempotent', async () => {
    await operator.addEnded('o-1', 'dead');
    const { body } = await operator.post(path, { filter });
    const cancelled = await operator.post(`/v1/operations/${body.id}/cancel`, { reason: 'not yet' });
    expect(cancelled).toMatchObject({ status: 200, body: { state: 'cancelled' } });
    expect((await operator.post(`/v1/operations/${body.id}/cancel`)).body).toEqual(cancelled.body);
    await carryOut();
    expect((await gateway.get(`/v1/operations/${body.id}`)).body).toMatchObject({ state: 'cancelled', progress: { sent: 0 } });
  });

  it('needs ops:write', async () => {
    const reader = { authorization: `Bearer ${await gateway.createKey('ops:read')}` };
    const unknown = '/v1/operations/01948f2a-0000-7000-8000-000000000000';
    for (const call of [path, '/v1/dead-letters/discard', `${unknown}/cancel`]) {
      expect(await operator.post(call, {}, reader)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
    expect(await gateway.get(unknown)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await operator.post(`${unknown}/cancel`)).toMatchObject({ status: 404, body: { code: 'not-found' } });
  });
});

it('GET /v1/queues counts blocked lanes, and tells the oldest wait', async () => {
  const id = await operator.addEnded('o-1', 'dead');
  await operator.addEnded('o-2', 'unknown');
  await gateway.db.query(`update jobs set ended_at = now() - interval '1 hour' where id = $1`, [id]);
  const { queues } = (await gateway.get('/v1/queues')).body as {
    queues: { name: string; blockedLanes: { oldestWaitMs: number } | null }[];
  };
  const blocked = queues.find(({ name }) => name === 'order-sync.erp')?.blockedLanes;
  expect(blocked).toMatchObject({ count: 2 });
  expect(blocked?.oldestWaitMs).toBeGreaterThanOrEqual(3_600_000);
  expect(queues.find(({ name }) => name === 'notifications')).toMatchObject({ blockedLanes: null });
});

describe('POST /v1/dead-letters/discard', () => {
  const path = '/v1/dead-letters/discard';

  it('ends the jobs as discarded, with the reason in the audit trail', async () => {
    const id = await operator.addEnded('o-1', 'dead');
    expect(await operator.post(path, { filter: { orderId: 'o-1' }, reason: 'a test order' })).toMatchObject({
      status: 200,
      body: { discarded: 1, more: false },
    });
    expect(await jobOf(id)).toMatchObject({ outcome: 'discarded', errorCode: 'destination-refused' });
    expect((await gateway.get('/v1/orders/o-1')).body.lanes).toMatchObject([{ destination: 'erp', blockedBy: null }]);
    expect((await gateway.get('/v1/audit?orderId=o-1&limit=1')).body.entries).toMatchObject([
      { action: 'job.discarded', reason: 'a test order', actor: 'test', subject: 'erp', detail: { jobId: id } },
    ]);
  });

  it.each([
    ['a discard without a reason', { filter: { orderId: 'o-1' } }, 'validation-failed'],
    ['everything, without all: true', { filter: {}, reason: 'x' }, 'filter-too-wide'],
    ['an unknown fingerprint', { filter: { fingerprint: 'nobody' }, reason: 'x' }, 'fingerprint-unknown'],
  ])('refuses %s', async (_what, body, code) => {
    await operator.addEnded('o-1', 'dead');
    expect((await operator.post(path, body)).body.code).toBe(code);
  });
});

describe('POST /v1/jobs/{jobId}/settle', () => {
  it.each([
    ['done', { state: 'ended', outcome: 'done' }, 1],
    ['not-done', { state: 'open', outcome: null }, 0],
  ])('as %s frees the lane', async (outcome, answer, ackedVersion) => {
    const id = await operator.addEnded('o-1', 'unknown');
    expect(await operator.post(`/v1/jobs/${id}/settle`, { outcome, reason: 'they say so' })).toMatchObject({
      status: 200,
      body: { jobId: id, ...answer },
    });
    expect((await gateway.get('/v1/orders/o-1')).body.lanes).toMatchObject([{ blockedBy: null, ackedVersion }]);
    expect(gateway.relayed.map((job) => job.id)).toEqual(outcome === 'done' ? [] : [id]);
  });

  it('refuses a job whose outcome is not unknown, and names its state', async () => {
    const id = await operator.addEnded('o-1', 'dead');
    expect(await operator.post(`/v1/jobs/${id}/settle`, { outcome: 'done', reason: 'x' })).toMatchObject({
      status: 409,
      body: { code: 'job-not-unknown', state: 'ended', outcome: 'dead', detail: 'The job has ended as dead' },
    });
  });

  it('refuses an unknown job, a finding that is none, and a missing reason', async () => {
    const unknown = '/v1/jobs/01948f2a-0000-7000-8000-000000000000/settle';
    expect(await operator.post(unknown, { outcome: 'done', reason: 'x' })).toMatchObject({ status: 404 });
    expect(await operator.post(unknown, { outcome: 'perhaps', reason: 'x' })).toMatchObject({ status: 422 });
    expect(await operator.post(unknown, { outcome: 'done' })).toMatchObject({ status: 422 });
  });
});

describe('POST /v1/orders/{orderId}/resync', () => {
  const resync = (orderId: string, destination: string) =>
    operator.post(`/v1/orders/${orderId}/resync`, { destination, reason: 'restored' });

  it('sends the current version, and frees the lane', async () => {
    await operator.addEnded('o-1', 'dead');
    const { status, body, headers } = await resync('o-1', 'erp');
    expect({ status, body }).toMatchObject({ status: 202, body: { orderId: 'o-1', destination: 'erp', version: 1 } });
    expect(headers.get('location')).toBe(`/v1/jobs/${body.jobId}`);
    expect(await jobOf(body.jobId)).toMatchObject({ state: 'runnable', version: 1 });
    expect(gateway.relayed.map(({ id }) => id)).toEqual([body.jobId]);
    expect((await gateway.get('/v1/audit?orderId=o-1&limit=1')).body.entries).toMatchObject([
      { action: 'order.resynced', subject: 'erp', reason: 'restored' },
    ]);
  });

  it('refuses an unknown order, an unknown destination, and a lane whose outcome is unknown', async () => {
    expect(await resync('nobody', 'erp')).toMatchObject({ status: 404, body: { code: 'not-found' } });
    const jobId = await operator.addEnded('o-1', 'unknown');
    expect(await resync('o-1', 'nowhere')).toMatchObject({ status: 404, body: { code: 'destination-unknown' } });
    expect(await resync('o-1', 'erp')).toMatchObject({ status: 409, body: { code: 'destination-outcome-unknown', jobId } });
  });
});

describe('POST /v1/orders/{orderId}/pause and resume', () => {
  it('pause one order, show it, and end it', async () => {
    await operator.addEnded('o-1', 'dead');
    const paused = await operator.post('/v1/orders/o-1/pause', { reason: 'fraud check', forSeconds: 600, actor: 'ada' });
    expect(paused).toMatchObject({
      status: 200,
      body: { orderId: 'o-1', changed: true, paused: { reason: 'fraud check', onBehalfOf: 'ada', until: expect.any(String) } },
    });
    expect((await gateway.get('/v1/orders/o-1')).body.paused).toEqual(paused.body.paused);
    expect((await operator.post('/v1/orders/o-1/pause')).body).toMatchObject({ changed: false });
    expect((await operator.post('/v1/orders/o-1/resume')).body).toEqual({ orderId: 'o-1', changed: true, paused: null });
    expect((await operator.post('/v1/orders/o-1/resume', {})).body).toMatchObject({ changed: false });
  });

  it('a pause with forSeconds ends by itself', async () => {
    await operator.addEnded('o-1', 'dead');
    await operator.post('/v1/orders/o-1/pause', { forSeconds: 600 });
    await gateway.db.query(`update holds set until = now() where scope = 'order'`);
    expect((await gateway.get('/v1/orders/o-1')).body.paused).toBeNull();
    expect((await operator.post('/v1/orders/o-1/resume')).body).toMatchObject({ changed: false });
  });

  it.each([0, -1, 1.5, 'x', 31_536_001])('refuses forSeconds %j', async (forSeconds) => {
    expect(await operator.post('/v1/orders/o-1/pause', { forSeconds })).toMatchObject({ status: 422 });
    expect(await operator.post('/v1/queues/notifications/pause', { forSeconds })).toMatchObject({ status: 422 });
  });
});
