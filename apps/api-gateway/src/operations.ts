import type { Operation } from './operation';
import { listAuditOperation } from './routes/audit/schema';
import { listDeadLettersOperation } from './routes/dead-letters/schema';
import { findEventOperation, postEventsOperation } from './routes/events/schema';
import { findJobOperation } from './routes/jobs/schema';
import { changeStatusOperation, findOrderOperation } from './routes/orders/schema';
import {
  listQueuesOperation,
  pauseDestinationOperation,
  pauseQueueOperation,
  resumeDestinationOperation,
  resumeQueueOperation,
} from './routes/queues/schema';
import { readStatisticsOperation } from './routes/stats/schema';
import { readTimelineOperation } from './routes/timeline/schema';
import { postWebhookOperation } from './routes/webhooks/schema';

/** Every call of the API, in the order in which the document shows them. */
export const operations: readonly Operation[] = [
  postEventsOperation,
  findEventOperation,
  postWebhookOperation,
  findOrderOperation,
  readTimelineOperation,
  changeStatusOperation,
  findJobOperation,
  listDeadLettersOperation,
  listAuditOperation,
  listQueuesOperation,
  pauseQueueOperation,
  resumeQueueOperation,
  pauseDestinationOperation,
  resumeDestinationOperation,
  readStatisticsOperation,
];
