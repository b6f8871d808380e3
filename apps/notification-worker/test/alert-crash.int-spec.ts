import { raiseAlerts } from '@orderly/ledger';
import { eventually } from '@orderly/testing';
import { bundleWorker, type JobRow, type WorkerBundle } from '@orderly/worker-process/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp, type NotificationSetup } from './notification-setup';
import { startWebhookSink, type WebhookSink } from './webhook-sink';

let bundle: WorkerBundle;
let notifications: NotificationSetup;
let webhook: WebhookSink;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'orderly-alerts-'));
  bundle = await bundleWorker('notification-worker');
  [notifications, webhook] = await Promise.all([setUp(), startWebhookSink()]);
});
afterAll(async () => {
  await bundle.remove();
  await notifications.close();
  await webhook.close();
  rmSync(folder, { recursive: true });
});

it('kill -9 between the cause and the answer of the webhook loses no alert, and uses no attempt', async () => {
  const { db, env } = notifications;
  const file = join(folder, 'alerts.yaml');
  writeFileSync(file, 'webhook: { url: "${WEBHOOK}", allowPrivateNetwork: true, timeoutMs: 30000 }');
  const start = () => bundle.start({ ...env, ORDERLY_ALERTS_FILE: file, WEBHOOK: webhook.url });
  const jobs = () => db.query<JobRow>(`select * from jobs where name = 'send-alert' order by id`);

  // Raised while no worker runs: the process that raised it may have died right after its commit.
  await db.transaction((query) =>
    raiseAlerts(query, [
      { cause: 'dead-letters', subject: 'one' },
      { cause: 'breaker-opened', subject: 'two' },
    ]),
  );
  webhook.behave(() => 'silence');
  const child = start();
  await eventually(() => expect(webhook.texts).toHaveLength(2));
  await child.kill();
  expect(await jobs()).toMatchObject([{ state: 'running' }, { state: 'running' }]);

  webhook.behave(() => 200);
  start();
  await eventually(async () =>
    expect(await jobs()).toMatchObject([
      { outcome: 'done', crashes: 1, attempts_used: 1 },
      { outcome: 'done', crashes: 1, attempts_used: 1 },
    ]),
  );
  expect(webhook.taken).toHaveLength(2);
  expect(new Set(webhook.texts).size).toBe(2);
}, 120_000);
