import { createEmailChannel } from '@orderly/channels';
import { queueNames, sendNotification } from '@orderly/contracts';
import { createClaimLedger } from '@orderly/ledger';
import type { Templates } from '@orderly/messaging';
import { bindJob } from '@orderly/queue';
import { createService } from '@orderly/runtime';
import { createWorkerProcess, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import type { NotificationWorkerConfig } from './config';
import { createSendNotification } from './handlers/send-notification';
import { messageAfter } from './message-after';

export interface NotificationWorkerDeps extends WorkerProcessDeps {
  readonly templates: Templates;
}

/** The worker that sends messages to customers. */
export function buildApp(config: NotificationWorkerConfig, { templates, ...deps }: NotificationWorkerDeps): WorkerProcess {
  const { concurrency, smtpUrl, mailFrom } = config.notifications;
  return createWorkerProcess('notification-worker', config, deps, ({ ledgerOptions }) => {
    const channel = createEmailChannel({ smtpUrl, from: mailFrom, poolSize: concurrency });
    const handler = createSendNotification({
      channel,
      templates,
      messageIdDomain: mailFrom.replace(/^.*@/, '').replace(/>$/, ''),
    });
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
          jobs: { 'send-notification': bindJob(sendNotification, handler) },
          afterwards: (verdict) => ({ message: messageAfter(verdict) }),
        },
      ],
      services: [createService({ name: 'mail connections', start: async () => undefined, stop: () => channel.close() })],
    };
  });
}
