import type { Operation } from './operation';
import { listDeadLettersOperation } from './routes/dead-letters/schema';
import { findEventOperation, postEventsOperation } from './routes/events/schema';
import { findJobOperation } from './routes/jobs/schema';
import { findOrderOperation } from './routes/orders/schema';
import { readStatisticsOperation } from './routes/stats/schema';
import { postWebhookOperation } from './routes/webhooks/schema';

/** Every call of the API, in the order in which the document shows them. */
export const operations: readonly Operation[] = [
  postEventsOperation,
  findEventOperation,
  postWebhookOperation,
  findOrderOperation,
  findJobOperation,
  listDeadLettersOperation,
  readStatisticsOperation,
];
