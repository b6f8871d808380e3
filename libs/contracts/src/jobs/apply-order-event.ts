import { z } from 'zod';
import { defineJob } from '../define-job';
import { OrderId } from '../order';
import { retryConfig } from '../policy';
import { queueNames } from '../queues';

/**
 * Applies an order's accepted events to its state. The effect is only in PostgreSQL, so the order's row lock replaces a claim. The
 * job has the id of its event. For `order.created` the producer sets high priority instead of normal.
 */
export const applyOrderEvent = defineJob({
  name: 'apply-order-event',
  queue: () => queueNames.orderStatus,
  payload: z.object({ orderId: OrderId }),
  policy: { ...retryConfig, priority: 'normal', concurrency: 5, timeoutMs: 30_000, whenLost: 'retry' },
});
