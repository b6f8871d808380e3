import { parseAlerts, type AlertSettings } from '@orderly/destinations';
import { openAlerts, raiseAlerts, type Alert } from '@orderly/ledger';
import { createLogger } from '@orderly/observability';
import { eventually } from '@orderly/testing';
import { created, type JobRow } from '@orderly/worker-process/testing';
import { Redis } from 'ioredis';
import { setUp, type NotificationSetup } from './notification-setup';
import { startWebhookSink, webhookSecret, type WebhookSink } from './webhook-sink';

let notifications: NotificationSetup;
let webhook: WebhookSink;
beforeEach(async () => {
  [notifications, webhook] = await Promise.all([setUp(), startWebhookSink()]);
});
afterEach(async () => {
  await notifications.close();
  await webhook.close();
});

const settings = (more: object = {}): AlertSettings =>
  parseAlerts(JSON.stringify({ webhook: { url: webhook.url, allowPrivateNetwork: true, timeoutMs: 1000 }, ...more }), {});

const about = (subject: string, more: Partial<Alert> = {}): Alert => ({ cause: 'dead-letters', subject, ...more });
const raise = (...alerts: readonly Alert[]) => raiseAlerts(notifications.db.query, alerts);

type AlertRow = JobRow & { readonly priority: number; readonly payload: { readonly channel: string } };
const alertJobs = (subject: string) =>
  notifications.db.query<AlertRow>(`select * from jobs where name = 'send-alert' and payload ->> 'subject' = $1 order by id`, [
    subject,
  ]);
const alertJob = async (subject: string): Promise<AlertRow> => {
  const [job] = await alertJobs(subject);
  if (!job) throw new Error(`There is no alert about ${subject} yet`);
  return job;
};
const sent = (subject: string) =>
  eventually(async () => {
    const jobs = await alertJobs(subject);
    expect(jobs.length).toBeGreaterThan(0);
    expect(jobs.map(({ outcome }) => outcome)).toEqual(jobs.map(() => 'done'));
    return jobs;
  });

describe('an alert', () => {
  it('goes to the webhook and by mail to every operator, before the messages to customers', async () => {
    const to = ['ada@ops.example', 'bob@ops.example'];
    await notifications.startWorker(settings({ mail: { to }, gatewayUrl: 'https://orderly.example/' }));
    const exampleId = '01890a5d-ac96-774b-bcce-b302099a8057';
    await raise(about('destination-refused:erp', { code: 'destination-refused', exampleId }));
    const jobs = await sent('destination-refused:erp');
    expect(jobs.map(({ priority, payload }) => [priority, payload.channel])).toEqual([
      [1, 'webhook'],
      [1, 'mail'],
    ]);
    expect(webhook.taken).toHaveLength(1);
    expect(webhook.taken[0]).toContain(`GET https://orderly.example/v1/jobs/${exampleId}`);
    expect(notifications.sink.mails).toHaveLength(1);
    const [mail] = notifications.sink.mails;
    expect(mail).toMatchObject({ subject: '[Orderly] Dead letters: destination-refused:erp', html: false });
    expect([mail!.to].flat().map((one) => one?.text)).toEqual(['ada@ops.example, bob@ops.example']);
    expect(notifications.sink.recipients).toEqual(to);
  });

  it('is sent once per window by two workers, and its window ends with one that tells the number of the others', async () => {
    const quick = settings({ windowSeconds: 2 });
    await notifications.startWorker(quick);
    await notifications.startWorker(quick);
    await raise(about('flood'));
    await eventually(() => expect(webhook.taken).toHaveLength(1));
    await raise(about('flood', { count: 400 }));
    await raise(about('flood', { count: 599 }));
    await eventually(() => expect(webhook.taken).toHaveLength(2));
    expect(webhook.taken[0]).toContain('1 job failed for good');
    expect(webhook.taken[1]).toContain('999 more jobs failed for good');
    await sent('flood');
    expect(webhook.texts).toHaveLength(2);
  });

  it('is skipped if its channel was taken out of the settings after it was raised', async () => {
    await raise(about('late'));
    await openAlerts(notifications.db, { channels: ['mail'], windowMs: 1000 });
    await notifications.startWorker(settings());
    await eventually(async () => expect(await alertJob('late')).toMatchObject({ state: 'ended', outcome: 'skipped' }));
  });
});

describe('an alert webhook', () => {
  it.each([
    ['answers 403', 403],
    ['never answers', 'silence'],
    ['asks to slow down', 429],
  ] as const)('that %s gets the alert again, and does not hold the messages to customers', async (_what, answer) => {
    webhook.behave(() => answer);
    await notifications.startWorker(settings());
    await raise(about('retried'));
    await eventually(async () =>
      expect(await alertJob('retried')).toMatchObject({
        ...{ state: 'runnable', wait_reason: 'retry', attempts_used: 1, error_code: 'alert-webhook-failed' },
      }),
    );
    await notifications.apply([created('A')]);
    await notifications.ended('A', 'done');
    expect(await notifications.db.query('select from holds')).toEqual([]);

    webhook.behave(() => 200);
    await notifications.bringForward((await alertJob('retried')).id);
    await sent('retried');
    expect(webhook.taken).toHaveLength(1);
  });

  it('that is down uses up five attempts; the dead letter raises no alert, and its URL is nowhere to be read', async () => {
    const lines: string[] = [];
    const destination = { write: (line: string) => void lines.push(line) };
    webhook.behave((text) => (text.includes('doomed') ? 403 : 200));
    await notifications.startWorker(settings(), createLogger({ service: 'test', level: 'debug', destination }));
    await raise(about('doomed'));
    const { id } = await eventually(() => alertJob('doomed'));
    for (const attempts of [1, 2, 3, 4]) {
      await eventually(async () => expect(await alertJob('doomed')).toMatchObject({ attempts_used: attempts, outcome: null }));
      await notifications.bringForward(id);
    }
    await eventually(async () => expect(await alertJob('doomed')).toMatchObject({ outcome: 'dead', attempts_used: 5 }));
    // An alert that is raised later has been sent, so one about the dead letter would have been, too.
    await raise(about('afterwards'));
    await sent('afterwards');
    expect(await notifications.db.query(`select from jobs where name = 'send-alert'`)).toHaveLength(2);
    expect(webhook.texts.filter((text) => text.includes('doomed'))).toHaveLength(5);

    const stored = JSON.stringify([await alertJobs('doomed'), await notifications.attempts(id), lines]);
    expect(stored).toContain('The alert webhook answered 403');
    expect(stored).not.toContain(webhookSecret);
  });
});

describe('FLUSHALL', () => {
  it('neither loses an alert that waits nor repeats one that was sent', async () => {
    const { db, env } = notifications;
    const redis = new Redis(env.REDIS_URL!);
    const flush = async () => {
      const keys = await redis.keys(`${env.ORDERLY_QUEUE_PREFIX}:*`);
      if (keys.length > 0) await redis.unlink(keys);
    };
    const worker = await notifications.startWorker(settings());
    await raise(about('before'));
    await sent('before');
    await flush();
    await raise(about('after'));
    await sent('after');
    await notifications.stop(worker);
    // Raised and given to nobody: the worker that starts finds it in the ledger alone.
    await raise(about('waiting'));
    await openAlerts(db, { channels: ['webhook'], windowMs: 1000 });
    await flush();
    await notifications.startWorker(settings());
    await sent('waiting');
    expect(webhook.texts).toHaveLength(3);
    redis.disconnect();
  });
});
