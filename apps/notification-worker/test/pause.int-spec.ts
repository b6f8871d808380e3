import { pauseQueue, resumeQueue } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { createEngine } from '@orderly/queue';
import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { setUp, type NotificationSetup } from './notification-setup';

let notifications: NotificationSetup;
beforeEach(async () => {
  notifications = await setUp();
});
afterEach(() => notifications.close());

describe('the paused queue notifications', () => {
  it('sends no mail and uses no attempt until it is resumed, and then sends each message once', async () => {
    const { db, sink } = notifications;
    const orderIds = ['A', 'B', 'C'];
    await pauseQueue(db, 'notifications', { actor: testActor });
    await notifications.startWorker();
    await notifications.apply(orderIds.map((orderId) => created(orderId)));
    await eventually(async () => expect(await notifications.queue('notifications').getRateLimitTtl()).toBeGreaterThan(0));
    for (const orderId of orderIds) {
      const job = await notifications.job(orderId);
      expect(job).toMatchObject({ state: 'runnable', tries: 0, attempts_used: 0 });
      expect(await notifications.message(job.id)).toMatchObject({ state: 'queued' });
    }
    expect(sink.recipients).toEqual([]);

    await resumeQueue(db, 'notifications', { actor: testActor });
    for (const orderId of orderIds) expect(await notifications.ended(orderId, 'done')).toMatchObject({ attempts_used: 1 });
    expect(sink.mails).toHaveLength(orderIds.length);
  });

  it('sends each message once after a resume, even if Redis lost the list of its jobs during the pause', async () => {
    const { db, sink } = notifications;
    const orderIds = Array.from({ length: 20 }, (_, index) => `L-${index}`);
    await pauseQueue(db, 'notifications', { actor: testActor });
    await notifications.startWorker();
    await notifications.apply(orderIds.map((orderId) => created(orderId)));
    const queue = notifications.queue('notifications');
    await eventually(async () => expect(await queue.getRateLimitTtl()).toBeGreaterThan(0));
    const { REDIS_URL: redisUrl = '', ORDERLY_QUEUE_PREFIX: prefix = '' } = notifications.env;
    const engine = createEngine({ redisUrl, prefix });
    await engine.ready();
    await engine.redis.del(queue.toKey('prioritized'), queue.toKey('delayed'));
    await engine.close();

    await resumeQueue(db, 'notifications', { actor: testActor });
    await Promise.all(orderIds.map((orderId) => notifications.ended(orderId, 'done')));
    expect(sink.mails).toHaveLength(orderIds.length);
  });
});
