import { sendNotification } from '@orderly/contracts';
import type { AlertSettings } from '@orderly/destinations';
import { newJob } from '@orderly/jobs';
import { loadTemplates, notificationKindOf } from '@orderly/messaging';
import type { Logger } from '@orderly/observability';
import { eventually } from '@orderly/testing';
import type { WorkerProcess } from '@orderly/worker-process';
import { createWorkerFixture, type JobRow, type WorkerFixture } from '@orderly/worker-process/testing';
import { join } from 'node:path';
import { buildApp } from '../src/app';
import { loadNotificationWorkerConfig } from '../src/config';
import { startMailSink, type MailSink } from './mail-sink';

/** A ledger, a mail sink, and the notification-workers that a test starts. */
export type NotificationSetup = WorkerFixture & {
  readonly sink: MailSink;
  readonly startWorker: (alerts?: AlertSettings, logger?: Logger) => Promise<WorkerProcess>;
  readonly job: (orderId: string, version?: number) => Promise<JobRow>;
  /** Resolves with the job when it has ended with this outcome. */
  readonly ended: (orderId: string, outcome: string, version?: number) => Promise<JobRow>;
  readonly message: (jobId: string) => Promise<MessageRow>;
};

type MessageRow = {
  readonly kind: string;
  readonly state: string;
  readonly reason: string | null;
  readonly recipient: string | null;
  readonly provider_id: string | null;
};

export async function setUp(): Promise<NotificationSetup> {
  const sink = await startMailSink();
  const fixture = await createWorkerFixture(({ kind: changed, change, next }, event) => {
    const kind = changed === 'status' && event.notify ? notificationKindOf(change) : undefined;
    if (!kind) return { syncs: [], messages: [] };
    const { orderId, version } = next;
    const { email = null } = next.data['customer'] as { email?: string };
    const job = newJob(sendNotification, { orderId, version, kind }, { orderId, version });
    return { syncs: [], messages: [{ job, kind, channel: 'email', recipient: email }] };
  });
  const { db, deps } = fixture;
  const env = { ...fixture.env, SMTP_URL: sink.url, MAIL_FROM: 'Shop <orders@shop.example>' };
  const templates = loadTemplates(join(__dirname, '../../../libs/messaging/templates'));

  const job: NotificationSetup['job'] = async (orderId, version = 1) => {
    const found = (await fixture.jobs(orderId)).find((row) => row.version === version);
    if (!found) throw new Error(`${orderId} has no job for version ${version}`);
    return found;
  };
  return {
    ...fixture,
    env,
    sink,
    startWorker: (alerts, logger = deps.logger) =>
      fixture.run(buildApp(loadNotificationWorkerConfig(env), { ...deps, logger, templates, alerts })),
    job,
    ended: (orderId, outcome, version) =>
      eventually(async () => {
        const row = await job(orderId, version);
        expect(row).toMatchObject({ state: 'ended', outcome });
        return row;
      }),
    message: async (jobId) => (await db.query<MessageRow>('select * from messages where id = $1', [jobId]))[0]!,
    close: async () => {
      await sink.close();
      await fixture.close();
    },
  };
}
