import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { gate, status } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let sync: SyncSetup;
afterEach(() => sync.close());

const orderIds = Array.from({ length: 12 }, (_, index) => `order-${index}`);

describe('a destination that asks us to wait', () => {
  it.each([
    ['429', 429],
    ['503 with Retry-After', 503],
  ])('gets no request of any order until the time given by %s, and no attempt is used', async (_what, code) => {
    sync = await setUp({ concurrency: 1 });
    let throttledAt = 0;
    sync.partner.behave(() => {
      if (throttledAt > 0) return undefined;
      throttledAt = Date.now();
      return status(code, { 'retry-after': '1' });
    });
    await sync.startWorker();
    await sync.apply(orderIds.map((orderId) => created(orderId)));
    await Promise.all(orderIds.map((orderId) => sync.ended(orderId, 1, 'done')));

    const [throttled, ...later] = sync.partner.requests;
    expect(later).toHaveLength(orderIds.length);
    expect(Math.min(...later.map(({ at }) => at)) - throttledAt).toBeGreaterThanOrEqual(1000);
    const job = await sync.job(throttled!.orderId, 1);
    expect(job.attempts_used).toBe(1);
    expect(await sync.attempts(job.id)).toMatchObject([
      { outcome: 'throttled', used_attempt: false, error_code: 'destination-throttled', response_status: code },
      { outcome: 'done', used_attempt: true },
    ]);
  });

  it('is held for 5 s if it names no time', async () => {
    sync = await setUp();
    sync.partner.behave(() => status(429));
    await sync.startWorker();
    await sync.apply([created('A')]);
    const waitMs = await eventually(async () => {
      const [row] = await sync.db.query<{ ms: number }>(
        `select extract(epoch from until - since)::float8 * 1000 as ms from holds where key = 'erp' and reason = 'throttled'`,
      );
      return row!.ms;
    });
    expect(Math.round(waitMs)).toBe(5000);
    expect(await sync.job('A', 1)).toMatchObject({ state: 'runnable', wait_reason: 'throttled', attempts_used: 0 });
  });

  it('is not called sooner if an earlier request is answered with a shorter wait', async () => {
    sync = await setUp();
    const late = gate(429, { 'retry-after': '1' });
    sync.partner.behave(({ orderId }) => (orderId === 'late' ? late.answer : status(429, { 'retry-after': '600' })));
    await sync.startWorker();
    await sync.apply([created('late')]);
    await eventually(() => expect(sync.partner.about('late')).toHaveLength(1));
    await sync.apply([created('A')]);
    await eventually(async () => expect(await sync.job('A', 1)).toMatchObject({ wait_reason: 'throttled' }));
    late.open();
    await eventually(async () => expect(await sync.job('late', 1)).toMatchObject({ wait_reason: 'throttled' }));
    const [hold] = await sync.db.query(`select until > now() + interval '500 s' as "isKept" from holds where key = 'erp'`);
    expect(hold).toEqual({ isKept: true });
  });

  it('does not delay another destination', async () => {
    sync = await setUp({ name: 'erp' }, { name: 'wms', mode: 'every-event' });
    sync.partner.behave(({ destination }) => (destination === 'erp' ? status(429, { 'retry-after': '600' }) : undefined));
    await sync.startWorker();
    await sync.apply(orderIds.map((orderId) => created(orderId)));
    for (const orderId of orderIds) await sync.ended(orderId, 1, 'done', 'wms');
    expect(await sync.holds()).toEqual([{ key: 'erp', reason: 'throttled' }]);
  });
});

describe.each([
  ['401', 401, 'destination-unauthorized'],
  ['410', 410, 'destination-gone'],
])('a destination that answers %s', (_what, code, reason) => {
  it('is held and probed by one job when due, and then its jobs continue', async () => {
    sync = await setUp();
    let answer = () => status(code);
    sync.partner.behave(() => answer());
    await sync.startWorker();
    await sync.apply([created('A')]);
    const held = await eventually(async () => {
      const job = await sync.job('A', 1);
      expect(job).toMatchObject({ state: 'runnable', wait_reason: 'held', attempts_used: 0 });
      return job;
    });
    expect(await sync.holds()).toEqual([{ key: 'erp', reason }]);
    expect(await sync.attempts(held.id)).toMatchObject([{ outcome: 'held', used_attempt: false, response_status: code }]);

    // The hold is a row of the ledger: workers that start later obey it, and run one probe when it is due.
    await sync.apply(orderIds.map((orderId) => created(orderId)));
    await sync.endHold('erp');
    await sync.startWorker();
    await sync.startWorker();
    await eventually(async () => {
      expect(sync.partner.requests).toHaveLength(2);
      expect(await sync.queue('order-sync.erp').getActiveCount()).toBe(0);
    });
    const [hold] = await sync.db.query(`select until > now() + interval '50 s' as "isRenewed" from holds where key = 'erp'`);
    expect(hold).toEqual({ isRenewed: true });
    expect(sync.partner.requests).toHaveLength(2);

    answer = () => status(204);
    await sync.endHold('erp');
    await sync.startWorker();
    await Promise.all(['A', ...orderIds].map((orderId) => sync.ended(orderId, 1, 'done')));
    expect(await sync.holds()).toEqual([]);
    expect((await sync.job('A', 1)).attempts_used).toBe(1);
    expect(sync.partner.requests).toHaveLength(2 + 1 + orderIds.length);
  });
});

describe('a rate limit', () => {
  it('is shared by all workers of a destination', async () => {
    sync = await setUp({ rateLimit: { max: 3, perMs: 500 } });
    await sync.startWorker();
    await sync.startWorker();
    const startedAt = Date.now();
    await sync.apply(orderIds.map((orderId) => created(orderId)));
    await Promise.all(orderIds.map((orderId) => sync.ended(orderId, 1, 'done')));
    // Four windows of three requests: each window begins after the one before it has ended.
    const times = sync.partner.requests.map(({ at }) => at).toSorted((a, b) => a - b);
    for (const window of [1, 2, 3]) expect(times[window * 3]! - startedAt).toBeGreaterThanOrEqual(window * 500);
  });
});
