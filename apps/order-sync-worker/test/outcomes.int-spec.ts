import { created } from '@orderly/worker-process/testing';
import { eventually } from '@orderly/testing';
import { inTurn, reset, silence, status, type Answer } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

describe('an answer of a destination', () => {
  const retried: readonly [why: string, answer: Answer, code: string, responseStatus: number | null][] = [
    ['a connection that breaks', reset, 'destination-timeout', null],
    ['409', status(409), 'destination-conflict', 409],
    ['408', status(408), 'destination-unavailable', 408],
    ['425', status(425), 'destination-unavailable', 425],
    ['500', status(500), 'destination-failed', 500],
    ['502', status(502), 'destination-failed', 502],
    ['503 without Retry-After', status(503), 'destination-failed', 503],
    ['silence', silence, 'destination-timeout', null],
  ];
  const permanent = [302, 400, 404, 405, 413, 422];

  it('ends the job if it is 2xx, and the lane records the confirmed version', async () => {
    sync = await setUp();
    sync.partner.behave(() => status(201, { 'content-type': 'application/json' }, '{"id":"erp-77"}'));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const job = await sync.ended('A', 1, 'done');
    expect(job).toMatchObject({ attempts_used: 1, result_version: 1, error_code: null, fingerprint: null });
    expect(await sync.attempts(job.id)).toMatchObject([
      { number: 1, outcome: 'done', used_attempt: true, version_sent: 1, response_status: 201, confirmation_id: 'erp-77' },
    ]);
    expect(await sync.lane('A')).toMatchObject({ acked_version: 1, head: null, blocked_by: null });
  });

  it('causes a dead letter at once, with its fingerprint, if it is a refusal', async () => {
    sync = await setUp();
    sync.partner.behave(({ orderId }) => status(Number(orderId)));
    await sync.startWorker();
    await sync.apply(permanent.map((code) => created(String(code))));
    for (const code of permanent) {
      const job = await sync.ended(String(code), 1, 'dead');
      expect(job).toMatchObject({ attempts_used: 1, error_code: 'destination-refused', fingerprint: 'destination-refused:erp' });
      expect(await sync.attempts(job.id)).toMatchObject([{ outcome: 'dead', used_attempt: true, response_status: code }]);
      expect(await sync.lane(String(code))).toMatchObject({ acked_version: 0, head: null, blocked_by: null });
    }
    expect(sync.partner.requests).toHaveLength(permanent.length);
  });

  it('leads to a retry with identical bytes under the same key if the failure may pass', async () => {
    sync = await setUp({ timeoutMs: 2000 });
    const failures = new Map(retried.map(([why, answer], index) => [`r${index}`, { why, answer }]));
    sync.partner.behave((request) =>
      sync.partner.about(request.orderId).length === 1 ? failures.get(request.orderId)?.answer : undefined,
    );
    await sync.startWorker();
    const [first = '', ...others] = failures.keys();
    // The first request uses a new connection. If it broke a reused one, it would be resent within its attempt.
    await sync.apply([created(first)]);
    await eventually(() => expect(sync.partner.requests).toHaveLength(1));
    await sync.apply(others.map((orderId) => created(orderId)));
    for (const orderId of failures.keys()) await sync.bringForward((await sync.job(orderId, 1)).id);
    for (const [index, [, , code, responseStatus]] of retried.entries()) {
      const job = await sync.ended(`r${index}`, 1, 'done');
      expect(job.attempts_used).toBe(2);
      expect(await sync.attempts(job.id)).toMatchObject([
        { outcome: 'retry', used_attempt: true, error_code: code, response_status: responseStatus },
        { outcome: 'done', used_attempt: true, response_status: 204 },
      ]);
      const [earlier, later] = sync.partner.about(`r${index}`);
      expect(later).toMatchObject({ key: earlier!.key, bodyHash: earlier!.bodyHash });
      expect(earlier!.headers['webhook-id']).toBe(earlier!.key);
    }
  });

  it('leads to a retry if a new connection breaks before the answer', async () => {
    sync = await setUp();
    sync.partner.behave(inTurn('A', reset, status(204)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    await sync.bringForward((await sync.job('A', 1)).id);
    const job = await sync.ended('A', 1, 'done');
    expect(await sync.attempts(job.id)).toMatchObject([
      { outcome: 'retry', error_code: 'destination-timeout' },
      { outcome: 'done' },
    ]);
    const [first, second] = sync.partner.about('A');
    expect(second).toMatchObject({ key: first!.key, bodyHash: first!.bodyHash });
  });

  it('leads to a retry if nothing listens at the address', async () => {
    sync = await setUp({ request: { url: 'http://127.0.0.1:1/{orderId}' } });
    await sync.startWorker();
    await sync.apply([created('A')]);
    const [attempt] = await eventually(async () => {
      const attempts = await sync.attempts((await sync.job('A', 1)).id);
      expect(attempts).toHaveLength(1);
      return attempts;
    });
    expect(attempt).toMatchObject({ outcome: 'retry', used_attempt: true, error_code: 'destination-unavailable' });
  });

  it('is replaced by a dead letter at once if the address must not be called', async () => {
    sync = await setUp({ request: { url: 'https://127.0.0.1/{orderId}' }, allowPrivateNetwork: false });
    await sync.startWorker();
    await sync.apply([created('A')]);
    expect(await sync.ended('A', 1, 'dead')).toMatchObject({ error_code: 'address-refused', fingerprint: 'address-refused:erp' });
  });

  it.each([
    ['success if the destination turns out to have the version', 1, { outcome: 'done', confirmation_id: 'conflict' }],
    ['a retry if the destination turns out to be behind', 0, { outcome: 'retry', error_code: 'destination-conflict' }],
  ])('of 409 leads to %s', async (_what, version, attempt) => {
    sync = await setUp({ idempotency: { mode: 'lookup', url: '{partner}/erp/{orderId}', versionPointer: '/version' } });
    sync.partner.behave(({ method }) => (method === 'GET' ? status(200, {}, JSON.stringify({ version })) : status(409)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const { id } = await sync.job('A', 1);
    await eventually(async () => expect(await sync.attempts(id)).toMatchObject([{ ...attempt, used_attempt: true }]));
    expect(sync.partner.requests.map(({ method }) => method)).toEqual(['PUT', 'GET']);
  });
});

describe('attempts', () => {
  it('number five, about 2, 4, 8 and 16 s apart, and then the job ends unknown if the answers were 500', async () => {
    sync = await setUp();
    sync.partner.behave(inTurn('A', status(500)));
    await sync.startWorker();
    await sync.apply([created('A'), created('B')]);
    const { id } = await sync.job('A', 1);
    for (const [index, seconds] of [2, 4, 8, 16].entries()) {
      const waitedMs = await eventually(async () => {
        const [row] = await sync.db.query<{ ms: number }>(
          `select extract(epoch from run_at - a.ended_at)::float8 * 1000 as ms
           from jobs j join attempts a on a.job_id = j.id and a.number = $2
           where j.id = $1 and j.state = 'runnable' and j.attempts_used = $2`,
          [id, index + 1],
        );
        return row!.ms;
      });
      expect(waitedMs).toBeGreaterThanOrEqual(seconds * 800);
      expect(waitedMs).toBeLessThanOrEqual(seconds * 1200);
      await sync.bringForward(id);
    }
    expect(await sync.ended('A', 1, 'unknown')).toMatchObject({ attempts_used: 5, error_code: 'destination-failed' });
    expect((await sync.attempts(id)).map(({ outcome }) => outcome)).toEqual(['retry', 'retry', 'retry', 'retry', 'unknown']);
    expect(await sync.lane('A')).toMatchObject({ acked_version: 0, blocked_by: id });
    expect(new Set(sync.partner.about('A').map(({ key, bodyHash }) => `${key} ${bodyHash}`)).size).toBe(1);
    await sync.ended('B', 1, 'done');
    expect(sync.partner.about('B')).toHaveLength(1);
  });

  it('number five, and then the job is a dead letter if every answer was a definite refusal', async () => {
    sync = await setUp();
    sync.partner.behave(inTurn('A', status(409)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const { id } = await sync.job('A', 1);
    await sync.bringToLastAttempt(id);
    expect(await sync.ended('A', 1, 'dead')).toMatchObject({ attempts_used: 5, fingerprint: 'destination-conflict:erp' });
  });

  it('end unknown if an earlier one got no answer, even if the last request never arrived', async () => {
    sync = await setUp({ timeoutMs: 500 });
    sync.partner.behave(inTurn('A', silence, status(408)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const { id } = await sync.job('A', 1);
    await sync.bringToLastAttempt(id);
    expect(await sync.ended('A', 1, 'unknown')).toMatchObject({ attempts_used: 5, error_code: 'destination-unavailable' });
  });

  it('that fail with Retry-After wait as long as it says, instead of the backoff', async () => {
    sync = await setUp();
    sync.partner.behave(inTurn('A', status(500, { 'retry-after': '40' }), status(204)));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const { id } = await sync.job('A', 1);
    const waitedMs = await eventually(async () => {
      const [row] = await sync.db.query<{ ms: number }>(
        `select extract(epoch from run_at - a.ended_at)::float8 * 1000 as ms
         from jobs j join attempts a on a.job_id = j.id where j.id = $1 and j.attempts_used = 1`,
        [id],
      );
      return row!.ms;
    });
    expect(Math.round(waitedMs)).toBe(40_000);
  });

  it('carry the trace of the event to the destination and into their own row', async () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c';
    sync = await setUp();
    await sync.startWorker();
    await sync.apply([created('A')], { traceparent: `00-${traceId}-b7ad6b7169203331-01` });
    const { id } = await sync.ended('A', 1, 'done');
    expect(sync.partner.about('A')[0]!.headers['traceparent']).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`));
    expect(await sync.attempts(id)).toMatchObject([{ trace_id: traceId }]);
  });
});
