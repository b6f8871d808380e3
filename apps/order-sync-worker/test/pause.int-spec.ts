import { pauseQueue, resumeQueue } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { createEngine } from '@orderly/queue';
import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { Redis } from 'ioredis';
import { gate, status } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

const queue = 'order-sync.erp';
const orderIds = Array.from({ length: 12 }, (_, index) => `order-${index}`);

let sync: SyncSetup;
afterEach(() => sync.close());

const pause = () => pauseQueue(sync.db, queue, { actor: testActor, reason: 'the partner moves' });
const resume = () => resumeQueue(sync.db, queue, { actor: testActor });

/** Resolves when a worker has heard that the queue is held, and has stopped fetching. */
const expectHeld = () =>
  eventually(async () => {
    expect(await sync.queue(queue).getRateLimitTtl()).toBeGreaterThan(0);
    expect(await sync.queue(queue).getActiveCount()).toBe(0);
  });

/** Pauses the queue during one request, while twelve orders wait. */
async function pauseWhileOneRuns(answer: ReturnType<typeof gate>): Promise<void> {
  sync = await setUp({ concurrency: 4 });
  sync.partner.behave(({ orderId }) => (orderId === 'first' ? answer.answer : undefined));
  await sync.startWorker();
  await sync.apply([created('first')]);
  await eventually(() => expect(sync.partner.requests).toHaveLength(1));
  await pause();
  await sync.apply(orderIds.map((orderId) => created(orderId)));
  answer.open();
}

async function expectUntouched(): Promise<void> {
  expect(sync.partner.requests.filter(({ orderId }) => orderId !== 'first')).toEqual([]);
  for (const orderId of orderIds) {
    expect(await sync.job(orderId, 1)).toMatchObject({ state: 'runnable', wait_reason: null, tries: 0, attempts_used: 0 });
  }
}

/** Removes the keys of this test only, as FLUSHALL would for a whole server. */
async function emptyRedis({ REDIS_URL = '', ORDERLY_QUEUE_PREFIX }: Readonly<Record<string, string>>): Promise<void> {
  const redis = new Redis(REDIS_URL);
  await redis.unlink(await redis.keys(`${ORDERLY_QUEUE_PREFIX}:*`));
  redis.disconnect();
}

describe('a paused destination', () => {
  it('lets running jobs finish, starts none, uses no attempt, and continues when it is resumed', async () => {
    await pauseWhileOneRuns(gate());
    await sync.ended('first', 1, 'done');
    await expectHeld();
    await expectUntouched();
    await resume();
    for (const orderId of orderIds) expect(await sync.ended(orderId, 1, 'done')).toMatchObject({ tries: 1, attempts_used: 1 });
    expect(sync.partner.requests).toHaveLength(1 + orderIds.length);
  });

  it('continues at once when its workers may fetch again too', async () => {
    await pauseWhileOneRuns(gate());
    await sync.ended('first', 1, 'done');
    await expectHeld();
    const engine = createEngine({ redisUrl: sync.env['REDIS_URL'] ?? '', prefix: sync.env['ORDERLY_QUEUE_PREFIX'] ?? '' });
    await engine.ready();
    // Without the release, no worker would fetch before the test ends.
    await engine.hold(queue, 3_600_000);
    await resume();
    await engine.release(queue);
    await engine.close();
    await Promise.all(orderIds.map((orderId) => sync.ended(orderId, 1, 'done')));
  });

  it('stays paused after Redis was emptied, and for a worker that starts later', async () => {
    await pauseWhileOneRuns(gate());
    await sync.ended('first', 1, 'done');
    await expectHeld();
    await emptyRedis(sync.env);
    await sync.startWorker();
    // All jobs are back in Redis, and some were delivered during the pause.
    await eventually(async () => expect(await sync.queue(queue).getPrioritizedCount()).toBe(orderIds.length));
    await expectHeld();
    await expectUntouched();
    await resume();
    for (const orderId of orderIds) await sync.ended(orderId, 1, 'done');
  });

  it.each([
    ['refuses our credentials', 401, 'destination-unauthorized'],
    ['asks for time', 429, 'throttled'],
  ])('stays paused if it %s meanwhile, and then waits for the rest of that hold', async (_what, code, reason) => {
    await pauseWhileOneRuns(gate(code, { 'retry-after': '600' }));
    await eventually(async () =>
      expect(await sync.db.query('select scope, reason from holds order by scope')).toEqual([
        { scope: 'destination', reason },
        { scope: 'queue', reason: 'paused' },
      ]),
    );
    // Even when the hold of the destination is due for a probe, no job runs, and neither hold changes.
    await sync.endHold('erp');
    const holds = await sync.db.query(`select * from holds order by scope`);
    await expectHeld();
    await expectUntouched();
    expect(await sync.db.query('select * from holds order by scope')).toEqual(holds);

    await sync.db.query(`update holds set until = now() + interval '10 minutes' where scope = 'destination'`);
    await resume();
    await sync.queue(queue).removeRateLimitKey();
    await expectHeld();
    await expectUntouched();

    sync.partner.behave(() => status(204));
    await sync.endHold('erp');
    for (const orderId of ['first', ...orderIds]) await sync.ended(orderId, 1, 'done');
    expect(await sync.holds()).toEqual([]);
  });
});
