import type { Answer } from './gateway';
import { event, startGateway, type TestGateway } from './gateway';

let gateway: TestGateway;
let operator: string;
const released: string[] = [];

beforeAll(async () => {
  gateway = await startGateway({
    engine: {
      add: async () => undefined,
      release: async (queue) => void released.push(queue),
      close: async () => undefined,
    },
  });
  operator = await gateway.createKey('ops:write');
  await gateway.db.query(
    `insert into processes (id, service, host, pid, queues) values (gen_random_uuid(), 'order-sync-worker', 'test', 1, '{order-sync.erp}')`,
  );
});
afterAll(() => gateway.stop());

const post = (path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  gateway.request('POST', path, {
    headers: {
      authorization: `Bearer ${operator}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
type ListedQueue = { name: string; paused: unknown };
const listed = async (): Promise<ListedQueue[]> => (await gateway.get('/v1/queues')).body.queues as ListedQueue[];
const queueNamed = async (name: string) => (await listed()).find((queue) => queue.name === name)!;

describe('GET /v1/queues', () => {
  it('shows the waiting jobs of each queue, and how long they have waited', async () => {
    await gateway.post([event('q-1'), event('q-2')]);
    const { status, body } = await gateway.get('/v1/queues');
    expect(status).toBe(200);
    expect((await listed()).map(({ name }) => name)).toEqual(['maintenance', 'notifications', 'order-status', 'order-sync.erp']);
    expect(body.queues[2]).toMatchObject({
      destination: null,
      paused: null,
      hold: null,
      workers: 0,
      counts: { runnable: { high: 2, total: 2 }, running: { total: 0 } },
      rates: { lastMinute: { created: 2, ended: 0 } },
    });
    expect(body.queues[2].oldestWaitMs).toBeGreaterThanOrEqual(0);
    expect(body.queues[3]).toMatchObject({ destination: 'erp', workers: 1, oldestWaitMs: null });
  });

  it('answers many concurrent callers, and needs ops:read', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => gateway.get('/v1/queues')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    const reader = await gateway.createKey('orders:read', 'ops:write');
    const refused = await gateway.request('GET', '/v1/queues', { headers: { authorization: `Bearer ${reader}` } });
    expect(refused).toMatchObject({ status: 403, body: { code: 'forbidden' } });
  });
});

describe.each([
  ['a queue', '/v1/queues/order-status', 'order-status', null],
  ['a destination', '/v1/destinations/erp', 'order-sync.erp', 'erp'],
])('pausing and resuming %s', (_what, path, queue, destination) => {
  it('answers with the new state, is idempotent, and appears in the list', async () => {
    const paused = await post(`${path}/pause`, { reason: 'they move', actor: 'ada' });
    expect(paused).toMatchObject({
      status: 200,
      body: { queue, destination, changed: true, paused: { reason: 'they move', actor: 'test', onBehalfOf: 'ada' } },
    });
    expect((await post(`${path}/pause`)).body).toEqual({ ...paused.body, changed: false });
    expect((await queueNamed(queue)).paused).toEqual(paused.body.paused);
    expect((await gateway.get('/v1/audit?actor=ada&limit=1')).body.entries).toMatchObject([
      { action: 'queue.paused', subject: queue },
    ]);
    expect((await post(`${path}/resume`)).body).toEqual({ queue, destination, changed: true, paused: null });
    expect((await post(`${path}/resume`, {})).body).toEqual({ queue, destination, changed: false, paused: null });
    expect(released.filter((name) => name === queue)).toEqual([queue]);
    expect(
      await gateway.db.query(
        `select action, actor, on_behalf_of, reason, trace_id is not null as traced from audit where subject = $1 order by id`,
        [queue],
      ),
    ).toEqual([
      { action: 'queue.paused', actor: 'test', on_behalf_of: 'ada', reason: 'they move', traced: true },
      { action: 'queue.resumed', actor: 'test', on_behalf_of: null, reason: null, traced: true },
    ]);
  });

  it('needs ops:write', async () => {
    const reader = await gateway.createKey('ops:read');
    for (const verb of ['pause', 'resume']) {
      const answer = await post(`${path}/${verb}`, undefined, { authorization: `Bearer ${reader}` });
      expect(answer).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    }
  });

  it.each<[string, unknown]>([
    ['an unknown field', { why: 'x' }],
    ['a reason that cannot be stored', { reason: 'a\0b' }],
    ['a reason that is too long', { reason: 'x'.repeat(1001) }],
    ['an actor without a name', { actor: '' }],
    ['a list instead of an object', [1]],
    ['null', null],
  ])('refuses %s', async (_fault, body) => {
    expect(await post(`${path}/pause`, body)).toMatchObject({ status: 422, body: { code: 'validation-failed' } });
    expect((await queueNamed(queue)).paused).toBeNull();
  });
});

describe('an unknown name', () => {
  it.each([
    ['/v1/queues/order-sync.nobody/pause', 'not-found'],
    ['/v1/queues/order-sync.nobody/resume', 'not-found'],
    ['/v1/queues/%00/pause', 'validation-failed'],
    ['/v1/destinations/nobody/pause', 'destination-unknown'],
    ['/v1/destinations/nobody/resume', 'destination-unknown'],
  ])('is refused at %s with %s', async (path, code) => {
    expect((await post(path)).body.code).toBe(code);
    expect(await gateway.db.query('select from holds')).toEqual([]);
  });
});
