import type { Operation } from '../http/operation';
import { listAuditOperation } from './audit/schema';
import { listDeadLettersOperation } from './dead-letters/schema';
import { findEventOperation, listEventsOperation, postEventsOperation } from './events/schema';
import { findJobOperation, listJobsOperation } from './jobs/schema';
import { listMessagesOperation } from './messages/schema';
import { changeStatusOperation, findOrderOperation, listOrdersOperation } from './orders/schema';
import {
  listQueuesOperation,
  pauseDestinationOperation,
  pauseQueueOperation,
  resumeDestinationOperation,
  resumeQueueOperation,
} from './queues/schema';
import { readStatisticsOperation } from './stats/schema';
import { readTimelineOperation } from './timeline/schema';
import { postWebhookOperation } from './webhooks/schema';

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
