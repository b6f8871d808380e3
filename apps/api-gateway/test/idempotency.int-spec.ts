import { eventually } from '@orderly/testing';
import { request as httpRequest } from 'node:http';
import { event, startGateway, type ExactAnswer, type RunningGateway, type TestGateway } from './gateway';
import { holdEvent } from './hold-event';

let gateway: TestGateway;
let peer: RunningGateway;
beforeAll(async () => {
  gateway = await startGateway();
  peer = await gateway.startPeer();
});
afterAll(() => gateway.stop());

const under = (key: string, more: Record<string, string> = {}) => ({ 'idempotency-key': `"${key}"`, ...more });
const isReplay = ({ headers }: ExactAnswer): boolean => headers.get('idempotent-replayed') === 'true';

const count = async (table: string, where: string, values: readonly unknown[] = []): Promise<number> => {
  const [row] = await gateway.db.query<{ count: number }>(`select count(*)::int as count from ${table} where ${where}`, values);
  return row!.count;
};

/** A retry must get the bytes of the first answer, and a header that marks the replay. */
const expectReplay = (answer: ExactAnswer, first: ExactAnswer): void => {
  expect(answer).toMatchObject({ status: first.status, text: first.text });
  expect(isReplay(answer)).toBe(true);
  for (const name of ['content-type', 'location']) expect(answer.headers.get(name)).toBe(first.headers.get(name));
};

const expectProblem = ({ status, headers, body }: ExactAnswer, expected: { status: number; code: string }): void => {
  expect({ status, code: body.code }).toEqual(expected);
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  expect(headers.has('idempotent-replayed')).toBe(false);
};

describe('concurrent equal requests with one Idempotency-Key over two gateways', () => {
  const storm = async (requests: number, body: unknown, key: string): Promise<ExactAnswer[]> => {
    const answers = await Promise.all(
      Array.from({ length: requests }, (_, index) => (index % 2 === 0 ? gateway : peer).post(body, under(key))),
    );
    const taken = answers.filter(({ status }) => status === 202);
    const first = taken.filter((answer) => !isReplay(answer));
    expect(first).toHaveLength(1);
    for (const answer of taken) if (answer !== first[0]) expectReplay(answer, first[0]!);
    for (const answer of answers.filter(({ status }) => status !== 202)) {
      expectProblem(answer, { status: 409, code: 'idempotency-in-progress' });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    for (const one of [gateway, peer]) expectReplay(await one.post(body, under(key)), first[0]!);
    return answers;
  };
  const jobsRelayed = (id: string): number => [...gateway.relayed, ...peer.relayed].filter((job) => job.id === id).length;

  it('store one event and one job: 200 requests get the first answer or hear that it is in progress', async () => {
    const [answer] = (await storm(200, event('storm'), 'k-storm')).filter(({ status }) => status === 202);
    expect(answer!.body.status).toBe('accepted');
    expect(await count('events', `id = 'storm'`)).toBe(1);
    expect(await count('jobs', `order_id = 'storm'`)).toBe(1);
    expect(await count('audit', `order_id = 'storm'`)).toBe(0);
    await eventually(() => expect(jobsRelayed(answer!.body.eventId)).toBe(1));
  });

  it('store one array of events out of 60 requests', async () => {
    const events = Array.from({ length: 25 }, (_, index) => event(`storm-array-${index}`));
    const [answer] = (await storm(60, events, 'k-storm-array')).filter(({ status }) => status === 202);
    expect(answer!.body).toMatchObject({ accepted: 25, duplicates: 0, rejected: 0 });
    expect(await count('events', `id like 'storm-array-%'`)).toBe(25);
    expect(await count('jobs', `order_id like 'storm-array-%'`)).toBe(25);
  });
});

describe('a request with an Idempotency-Key', () => {
  it('is answered like one without a key, and a retry gets the same bytes, however its body is formatted', async () => {
    const first = await gateway.post(event('once'), under('k-once'));
    expect(first.status).toBe(202);
    expect(isReplay(first)).toBe(false);
    expect(first.body).toEqual({
      eventId: expect.any(String),
      id: 'once',
      orderId: 'once',
      status: 'accepted',
      links: { self: '/v1/events/shop/once', order: '/v1/orders/once', job: `/v1/jobs/${first.body.eventId}` },
    });
    expect(first.headers.get('location')).toBe('/v1/events/shop/once');
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(event('once')).reverse()), null, 2);
    expectReplay(await gateway.post(reversed, under('k-once')), first);
    expectReplay(await peer.post(event('once'), { 'idempotency-key': 'k-once' }), first);
    // The event is still known by its own id.
    expect((await gateway.post(event('once'))).body.status).toBe('duplicate');
  });

  it('is refused with 422 if the key was used with another body or batch label, and stores nothing', async () => {
    await gateway.post(event('mine'), under('k-mine'));
    const reused = { status: 422, code: 'idempotency-key-reused' };
    expectProblem(await gateway.post(event('other'), under('k-mine')), reused);
    expectProblem(await peer.post([event('mine')], under('k-mine')), reused);
    expectProblem(await gateway.post(event('mine'), under('k-mine', { 'orderly-batch': 'b' })), reused);
    expect(await count('events', `id = 'other'`)).toBe(0);
  });

  it('may share the key with requests of another API key or path', async () => {
    const first = await gateway.post(event('scoped'), under('k-scoped'));
    const other = `Bearer ${await gateway.createKey('events:write')}`;
    const theirs = await gateway.post(event('scoped-too'), under('k-scoped', { authorization: other }));
    expect(theirs).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(isReplay(theirs)).toBe(false);
    expectReplay(await gateway.post(event('scoped'), under('k-scoped')), first);
    expectReplay(await gateway.post(event('scoped-too'), under('k-scoped', { authorization: other })), theirs);
    expect((await gateway.request('GET', '/v1/stats', { headers: under('k-scoped') })).status).toBe(200);
    const scopes = await gateway.db.query<{ scope: string }>(`select scope from idempotency_keys where key = 'k-scoped'`);
    expect(scopes.every(({ scope }) => /^[\da-f-]{36} POST \/v1\/events$/.test(scope))).toBe(true);
  });

  it('gets its stored refusal again, even if the request would be accepted now', async () => {
    await gateway.post(event('taken'));
    const first = await gateway.post(event('taken', { orderId: 'another' }), under('k-taken'));
    expect(first).toMatchObject({ status: 409, body: { code: 'event-id-reused' } });
    await gateway.db.query(`delete from event_keys where id = 'taken'`);
    expectReplay(await peer.post(event('taken', { orderId: 'another' }), under('k-taken')), first);
  });

  it('gets all results of an array again, accepted and rejected ones', async () => {
    const mixed = [event('array-1'), { id: 'array-bad' }, event('array-2')];
    const first = await gateway.post(mixed, under('k-array'));
    expect(first).toMatchObject({ status: 202, body: { accepted: 2, rejected: 1 } });
    expectReplay(await peer.post(mixed, under('k-array')), first);

    const refused = [event('array-1', { orderId: 'another' }), event('array-2', { orderId: 'another' })];
    const none = await gateway.post(refused, under('k-array-none'));
    expect(none).toMatchObject({ status: 422, body: { code: 'batch-rejected', rejected: 2 } });
    expectReplay(await peer.post(refused, under('k-array-none')), none);
  });

  it('is refused if the key is malformed, and leaves the key free for a valid request', async () => {
    const wrong = event('shape', { orderId: undefined });
    expectProblem(await gateway.post(wrong, under('k-shape')), { status: 422, code: 'validation-failed' });
    expectProblem(await gateway.post([wrong], under('k-shape')), { status: 422, code: 'batch-rejected' });
    expectProblem(await gateway.post('{', under('k-shape')), { status: 400, code: 'invalid-json' });
    expect(await count('idempotency_keys', `key = 'k-shape'`)).toBe(0);
    expect((await gateway.post(event('shape'), under('k-shape'))).status).toBe(202);
  });

  it('stores the valid events of an array, whatever the others contain', async () => {
    const body = JSON.stringify([event('nested'), 7]).replace(',7]', `,${'['.repeat(99_999)}${']'.repeat(99_999)}]`);
    const first = await gateway.post(body, under('k-nested'));
    expect(first).toMatchObject({ status: 202, body: { accepted: 1, rejected: 1 } });
    expectReplay(await gateway.post(body, under('k-nested')), first);
  });

  it('gets its stored answer from a gateway that started later', async () => {
    const before = await gateway.startPeer();
    const first = await before.post(event('restart'), under('k-restart'));
    await before.app.stop();
    const after = await gateway.startPeer();
    expectReplay(await after.post(event('restart'), under('k-restart')), first);
    await after.app.stop();
  });

  it('runs again after the answer has expired, even if the row still exists', async () => {
    await gateway.post(event('expired'), under('k-expired'));
    const hours = `select extract(epoch from expires_at - now()) / 3600 as hours from idempotency_keys where key = 'k-expired'`;
    const [row] = await gateway.db.query<{ hours: string }>(hours);
    expect(Number(row!.hours)).toBeCloseTo(24, 1);
    await gateway.db.query(`update idempotency_keys set expires_at = now() where key = 'k-expired'`);
    const anew = await gateway.post(event('expired'), under('k-expired'));
    expect(anew).toMatchObject({ status: 202, body: { status: 'duplicate' } });
    expectReplay(await gateway.post(event('expired'), under('k-expired')), anew);
  });

  it.each([
    ['empty', ['']],
    ['sent twice', ['"one"', '"two"']],
    ['sent twice, equal', ['"one"', '"one"']],
    ['an unclosed quotation', ['"one']],
    ['of 256 characters', ['k'.repeat(256)]],
    ['with blanks and no quotation marks', ['a b']],
    ['beyond ASCII', ['"sch\u00fcssel"']],
  ])('is refused with 400 and stores nothing if the key is %s', async (name, keys) => {
    const answer = await postRaw(event(`bad key ${name}`), keys);
    expect(answer).toMatchObject({ status: 400, body: { code: 'idempotency-key-invalid' } });
    expect(await count('events', 'id = $1', [`bad key ${name}`])).toBe(0);
  });
});

describe('while a request with the same Idempotency-Key is in progress', () => {
  it('another request is told to retry, and gets the answer afterwards', async () => {
    const release = await holdEvent(gateway.db, 'slow');
    const posted = gateway.post(event('slow'), under('k-slow'));
    await waitForLock(gateway.db);
    const meanwhile = await peer.post(event('slow'), under('k-slow'));
    expectProblem(meanwhile, { status: 409, code: 'idempotency-in-progress' });
    expect(meanwhile.headers.get('retry-after')).toBe('1');
    await release();
    const first = await posted;
    expect(first.status).toBe(202);
    expectReplay(await peer.post(event('slow'), under('k-slow')), first);
  });

  it('a gateway that loses its connection stores neither event nor answer, and a retry succeeds', async () => {
    const release = await holdEvent(gateway.db, 'cut');
    const posted = gateway.post(event('cut'), under('k-cut'));
    await waitForLock(gateway.db);
    await gateway.db.query(`select pg_terminate_backend(pid) from pg_stat_activity where ${atLock}`);
    expectProblem(await posted, { status: 503, code: 'database-unavailable' });
    await release();
    expect(await count('events', `id = 'cut'`)).toBe(0);
    expect(await count('idempotency_keys', `key = 'k-cut'`)).toBe(0);
    const again = await peer.post(event('cut'), under('k-cut'));
    expect(again).toMatchObject({ status: 202, body: { status: 'accepted' } });
    expect(isReplay(again)).toBe(false);
  });
});

const atLock = `datname = current_database() and wait_event_type = 'Lock' and application_name = 'api-gateway'`;

const waitForLock = (db: TestGateway['db']): Promise<void> =>
  eventually(async () => expect(await db.query(`select 1 from pg_stat_activity where ${atLock}`)).toHaveLength(1));

/** Sends a header twice: fetch would join the two. */
const postRaw = (body: unknown, keys: readonly string[]): Promise<{ status: number | undefined; body: unknown }> =>
  new Promise((resolve, reject) => {
    void gateway.createKey('events:write').then((apiKey) => {
      const posting = httpRequest(
        new URL('/v1/events', gateway.app.url()),
        {
          method: 'POST',
          headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json', 'idempotency-key': [...keys] },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode, body: JSON.parse(Buffer.concat(chunks).toString()) as unknown }),
          );
        },
      );
      posting.on('error', reject);
      posting.end(JSON.stringify(body));
    }, reject);
  });
