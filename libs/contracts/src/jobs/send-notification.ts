import { z } from 'zod';
import { defineJob } from '../define-job';
import { NotificationKind } from '../notification';
import { OrderId } from '../order';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

/**
 * Sends one message, which has the id of its job. SMTP has no idempotency key: if the process died while it sent a message, the
 * outcome is unknown and the message is not sent again.
 */
export const sendNotification = defineJob({
  name: 'send-notification',
  queue: () => queueNames.notifications,
  payload: z.object({ orderId: OrderId, version: z.int().positive(), kind: NotificationKind }),
  policy: { ...retryConfig, priority: 'high', concurrency: 10, timeoutMs: 60_000, whenLost: 'unknown' },
});
