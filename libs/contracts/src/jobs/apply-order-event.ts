import { z } from 'zod';
import { defineJob } from '../define-job';
import { OrderId } from '../order';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

/**
 * Applies an order's accepted events to its state. Its effect lies in PostgreSQL alone, so the order's row lock serves as its
 * claim. The job has the id of its event. `order.created` runs at high priority: the producer overrides the normal one.
 */
export const applyOrderEvent = defineJob({
  name: 'apply-order-event',
  queue: () => queueNames.orderStatus,
  payload: z.object({ orderId: OrderId }),
  policy: { ...retryConfig, priority: 'normal', concurrency: 5, timeoutMs: 30_000, whenLost: 'retry' },
});
