import { z } from 'zod';
import { defineJob } from '../define-job';
import { NotificationKind } from '../notification';
import { OrderId } from '../order';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

/**
 * Sends one message; the message has the id of its job. SMTP knows no idempotency key, so a message that was being sent when its process died is
 * unknown.
 */
export const sendNotification = defineJob({
  name: 'send-notification',
  queue: () => queueNames.notifications,
  payload: z.object({ orderId: OrderId, version: z.int().positive(), kind: NotificationKind }),
  policy: { ...retryConfig, priority: 'high', concurrency: 10, timeoutMs: 60_000, whenLost: 'unknown' },
});
