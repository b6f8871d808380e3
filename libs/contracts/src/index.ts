/**
 * The contracts between producers, services and partners: zod schemas and the types inferred from them. No I/O.
 *
 * Glossary. Code, API, metrics and documents use these words and no synonyms:
 *
 * - **event**: a fact about an order, sent by a producer.
 * - **order**: our state of an order, with a `version` that grows by one per applied change.
 * - **transition**: one status change.
 * - **job**: one unit of background work, a row in the ledger.
 * - **queue**: the BullMQ queue that delivers a job's id to a worker.
 * - **handler**: the function that does the work of a job and returns its effect as data.
 * - **attempt**: one try of a job.
 * - **outcome**: how an attempt or a job ended.
 * - **destination**: an external system that is kept in sync.
 * - **lane**: the jobs of one order for one destination, in version order; its first open job is the **head**.
 * - **claim**: the right to run a job now.
 * - **hold**: a recorded reason why a queue, destination or order waits.
 * - **message**: one notification to one recipient.
 * - **alert**: a message to operators, at most one per **window** of time for one cause and subject.
 * - **receipt**: a provider's report on a message.
 * - **dead letter**: a job that failed for good, with its **fingerprint** (error code + destination or channel).
 * - **relay**: the component that adds runnable jobs to BullMQ.
 * - **sweep**: the repair pass that adds jobs which the relay missed.
 */
export { defineJob, type JobDefinition, type JobPolicy, type PayloadOf } from './define-job';
export { jobPriority, retryConfig, type JobPriority, type RetryConfig } from './policy';
export { OrderId, orderStatuses, OrderStatus, type Version } from './order';
export { OrderSnapshot, OrderChange, OrderPatch } from './order-snapshot';
export { OrderEvent, orderEventTypes, EventBatchLimit, type OrderEventType } from './order-event';
export { notifyingKinds, NotificationKind } from './notification';
export { applyOrderEvent } from './jobs/apply-order-event';
export { syncOrder } from './jobs/sync-order';
export { sendNotification } from './jobs/send-notification';
export { sendAlert } from './jobs/send-alert';
export { AlertCause, alertCauses, AlertChannel } from './alert';
export { cleanupTasks, cleanupSchedules, type CleanupTaskName } from './jobs/cleanup-tasks';
export { jobDefinitions, findJobDefinition, type AnyJobDefinition } from './jobs/registry';
export { queueNames, syncQueueName, destinationOfQueue } from './queues';
export { apiScopes, ApiScope } from './api-scope';
export type { Actor } from './actor';
export { Problem, problemTypeUrl } from './problem';
export { faultText } from './fault-text';
export { currencyDigits, toMinorUnits } from './money';
export { EmailAddress } from './email-address';
export { StorableText } from './text';
export { findUnstorable, maxJsonDepth, type JsonFault } from './storable-json';
