import { pauseQueue, resumeQueue } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { eventually } from '@orderly/testing';
import { created } from '@orderly/worker-process/testing';
import { setUp, type NotificationSetup } from './notification-setup';

let notifications: NotificationSetup;
beforeEach(async () => {
  notifications = await setUp();
});
afterEach(() => notifications.close());

describe('the paused queue notifications', () => {
  it('sends no mail and uses no attempt until it is resumed; then each message once', async () => {
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
});
