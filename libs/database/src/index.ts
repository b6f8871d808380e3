export { createDatabase, type Database, type DatabaseOptions, type Query } from './database';
export { watchPool, type PoolPressure } from './pool-pressure';
export { isDatabaseAway } from './connection-error';
export { accessRefusal, isSchemaMissing } from './setup-fault';
export { migrate } from './migrate';
export { acceptEvents, type AcceptedEvent, type IntakeResult } from './intake/accept-events';
export { createAcceptOnce, type AcceptOnce, type AcceptOnceOptions, type EventsRequest } from './intake/accept-once';
export { runOnce, type Answer, type Executed, type KeyedRequest, type OnceOptions, type OnceResult } from './intake/run-once';
export { requestStatusChange, type StatusChangeAnswer, type StatusChangeRequest } from './intake/request-status-change';
export { createIntake, type Intake, type IntakeOptions } from './intake/create-intake';
export { createApiKey, type NewApiKey } from './api-keys/create-api-key';
export { createLastUse, type LastUse, type LastUseOptions } from './api-keys/create-last-use';
export { listApiKeys, type ApiKeyRecord, type ApiKeyState } from './api-keys/list-api-keys';
export { revokeApiKey, type Revocation, type RevokedApiKey } from './api-keys/revoke-api-key';
export { createFindApiKey, type ApiKey, type FindApiKey, type FindApiKeyOptions } from './api-keys/find-api-key';
export { findEvent, type EventOutcome, type EventRecord } from './queries/find-event';
export { countOpenEvents, type OpenEvents } from './queries/count-open-events';
export { findOrder, type LaneRecord, type OrderRecord, type StatusChange } from './queries/find-order';
export { findJob, type AttemptRecord } from './queries/find-job';
export { shownJobStates, type JobRecord, type ShownJobState } from './queries/job-record';
export { listJobs, type JobFilter } from './queries/list-jobs';
export { listEvents, type EventFilter, type EventSummary } from './queries/list-events';
export { listMessages, type MessageFilter, type MessageRecord } from './queries/list-messages';
export { listOrders, orderOfOrders, type OrderFilter, type OrderKey, type OrderSummary } from './queries/list-orders';
export type { Page, PageRequest } from './queries/page';
export { maxCustomerOrders } from './queries/customer-orders';
export { readTimeline, type Timeline, type TimelineEntry } from './queries/read-timeline';
export type { TimelineLane } from './queries/read-timeline-now';
export type { OpenJob } from './queries/open-job';
export type { QueueFacts } from './queries/read-queue-facts';
export { isKnownQueue } from './queries/is-known-queue';
export { readQueues, type PriorityCounts, type QueueRecord, type QueueState } from './queries/read-queues';
export { readOldestWaits } from './queries/read-oldest-waits';
export type { QueueRates } from './queries/read-queue-rates';
export { pauseQueue, resumeQueue, type Pause, type PauseRequest, type PauseResult } from './operator/pause-queue';
export { readStatistics, type JobCount, type Statistics } from './queries/read-statistics';
export type { AppliedEvent, ApplyOptions, ApplyRequest, ApplyResult, FollowUps } from './ledger/apply-types';
export type { ClaimOptions } from './ledger/claim-jobs';
export {
  createClaimLedger,
  createOrderApplier,
  createRowLockLedger,
  createVersionLoader,
  type LedgerOptions,
} from './ledger/ledger';
export type { OrderVersion, OrderVersionKey } from './ledger/order-versions';
export { createProcessRegistry } from './ledger/process-registry';
export { createSweepLedger } from './ledger/sweep-ledger';
export { createCleanupRuns, type CleanupRuns, type PlannedRun, type RunRecord } from './cleanup/cleanup-runs';
export type { CleanupOptions, CleanupReport } from './cleanup/cleanup-report';
export { expireTokens, type ExpireTokensReport } from './cleanup/expire-tokens';
export { rotateLogs, type RotateLogsOptions, type RotateLogsReport } from './cleanup/rotate-logs';
export { auditActions, type AuditAction, type AuditEntry } from './audit/audit-entry';
export { recordAudit } from './audit/record-audit';
export { listAudit, type AuditFilter, type AuditRecord } from './queries/list-audit';
