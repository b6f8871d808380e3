import type { Operation } from '../http/operation';
import { listAuditOperation } from './audit/schema';
import { discardOperation, groupDeadLettersOperation, listDeadLettersOperation, redriveOperation } from './dead-letters/schema';
import { findEventOperation, listEventsOperation, postEventsOperation } from './events/schema';
import { findJobOperation, listJobsOperation, settleJobOperation } from './jobs/schema';
import { listMessagesOperation } from './messages/schema';
import { cancelOperationOperation, findOperationOperation } from './operation-progress/schema';
import {
  changeStatusOperation,
  findOrderOperation,
  listOrdersOperation,
  pauseOrderOperation,
  resumeOrderOperation,
  resyncOrderOperation,
} from './orders/schema';
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
  resyncOrderOperation,
  pauseOrderOperation,
  resumeOrderOperation,
  listMessagesOperation,
  listJobsOperation,
  findJobOperation,
  settleJobOperation,
  listDeadLettersOperation,
  groupDeadLettersOperation,
  redriveOperation,
  discardOperation,
  findOperationOperation,
  cancelOperationOperation,
  listAuditOperation,
  listQueuesOperation,
  pauseQueueOperation,
  resumeQueueOperation,
  pauseDestinationOperation,
  resumeDestinationOperation,
  readStatisticsOperation,
];
