import type { Operation } from './operation';
import { listAuditOperation } from './routes/audit/schema';
import { listDeadLettersOperation } from './routes/dead-letters/schema';
import { listEventsOperation } from './routes/events/list-schema';
import { findEventOperation, postEventsOperation } from './routes/events/schema';
import { listJobsOperation } from './routes/jobs/list-schema';
import { findJobOperation } from './routes/jobs/schema';
import { listMessagesOperation } from './routes/messages/schema';
import { listOrdersOperation } from './routes/orders/list-schema';
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
  listEventsOperation,
  findEventOperation,
  postWebhookOperation,
  listOrdersOperation,
  findOrderOperation,
  readTimelineOperation,
  changeStatusOperation,
  listMessagesOperation,
  listJobsOperation,
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
