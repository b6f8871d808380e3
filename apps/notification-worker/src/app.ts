import { createEmailChannel } from '@orderly/channels';
import { queueNames, sendAlert, sendNotification } from '@orderly/contracts';
import { createAlertWebhook, type AlertSettings } from '@orderly/destinations';
import { createClaimLedger } from '@orderly/ledger';
import type { Templates } from '@orderly/messaging';
import { bindJob } from '@orderly/queue';
import { createService, type Service } from '@orderly/runtime';
import { createWorkerProcess, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import { createAlertDesk } from './alert-desk';
import type { NotificationWorkerConfig } from './config';
import { createSendAlert } from './handlers/send-alert';
import { createSendNotification } from './handlers/send-notification';
import { messageAfter } from './message-after';

export interface NotificationWorkerDeps extends WorkerProcessDeps {
  readonly templates: Templates;
  /** How operators are told what is wrong. Undefined: not at all. */
  readonly alerts?: AlertSettings;
}

/** The worker that sends messages to customers, and alerts to operators. */
export function buildApp(
  config: NotificationWorkerConfig,
  { templates, alerts, ...deps }: NotificationWorkerDeps,
): WorkerProcess {
  const { concurrency, smtpUrl, mailFrom } = config.notifications;
  return createWorkerProcess('notification-worker', config, deps, ({ db, ledgerOptions, relay, redisMemory, logger }) => {
    const channel = createEmailChannel({ smtpUrl, from: mailFrom, poolSize: concurrency });
    const messageIdDomain = mailFrom.replace(/^.*@/, '').replace(/>$/, '');
    const webhook = alerts?.webhook && createAlertWebhook(alerts.webhook);
    const mail = alerts?.mail && { channel, to: alerts.mail.to };
    const notify = createSendNotification({ channel, templates, messageIdDomain });
    const alert = createSendAlert({ webhook, mail, gatewayUrl: alerts?.gatewayUrl, messageIdDomain });
    return {
      queues: [
        {
          queue: queueNames.notifications,
          concurrency,
          ledger: createClaimLedger(ledgerOptions, {
            queue: queueNames.notifications,
            destination: null,
            sendsNewest: false,
            sendsMessages: true,
          }),
          jobs: { 'send-notification': bindJob(sendNotification, notify), 'send-alert': bindJob(sendAlert, alert) },
          afterwards: (verdict) => ({ message: messageAfter(verdict) }),
        },
      ],
      services: [
        closing('mail connections', () => channel.close()),
        closing('alert webhook', async () => webhook?.close()),
        createAlertDesk({ db, relay, redisMemory, settings: alerts, logger }),
      ],
    };
  });
}

const closing = (name: string, stop: () => Promise<void>): Service => createService({ name, start: async () => undefined, stop });
