import { eventually } from '@orderly/testing';
import { bundleWorker, created, type WorkerBundle } from '@orderly/worker-process/testing';
import { setUp, type NotificationSetup } from './notification-setup';

let bundle: WorkerBundle;
let notifications: NotificationSetup;
beforeAll(async () => {
  bundle = await bundleWorker('notification-worker');
  notifications = await setUp();
});
afterAll(async () => {
  await notifications.close();
  await bundle.remove();
});

it('a message in flight when its process is killed becomes unknown, and is never sent again', async () => {
  const { sink } = notifications;
  sink.behave((recipient) => (recipient.startsWith('A') ? 'silence' : undefined));
  const child = bundle.start(notifications.env);
  await notifications.apply([created('A')]);
  await eventually(() => expect(sink.to('A@example.com')).toHaveLength(1));
  const { id } = await notifications.job('A');
  expect(await notifications.message(id)).toMatchObject({ state: 'sending' });
  await child.kill();

  sink.behave(() => undefined);
  await notifications.startWorker();
  await notifications.apply([created('B')]);
  await eventually(async () =>
    expect(await notifications.job('A')).toMatchObject({ state: 'ended', outcome: 'unknown', crashes: 1 }),
  );
  expect(await notifications.message(id)).toMatchObject({ state: 'unknown' });
  expect((await notifications.attempts(id))[0]).toMatchObject({ number: 1, outcome: 'lost', used_attempt: false });
  await notifications.ended('B', 'done');
  expect(sink.to('A@example.com')).toHaveLength(1);
});
