import { z } from 'zod';
import { defineJob } from '../define-job';
import { OrderId } from '../order';
import { retryConfig } from '../policy';
import { syncQueueName } from '../queues';

/** Sends one version of an order to one destination. In mode `latest-state` it sends the newest version instead. */
export const syncOrder = defineJob({
  name: 'sync-order',
  queue: ({ destination }) => syncQueueName(destination),
  payload: z.object({ destination: z.string().min(1), orderId: OrderId, version: z.int().positive() }),
  policy: { ...retryConfig, priority: 'normal', concurrency: 5, timeoutMs: 30_000, whenLost: 'retry' },
});
