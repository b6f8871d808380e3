export { shownPrefix, visiblePrefixOf } from './api-keys/api-key';
export { createApiKey, type NewApiKey } from './api-keys/create-api-key';
export { createLastUse, type LastUse, type LastUseOptions } from './api-keys/create-last-use';
export { createFindApiKey, type ApiKey, type FindApiKey, type FindApiKeyOptions } from './api-keys/find-api-key';
export { listApiKeys, type ApiKeyRecord, type ApiKeyState } from './api-keys/list-api-keys';
export { revokeApiKey, type Revocation, type RevokedApiKey } from './api-keys/revoke-api-key';
export { auditActions, type AuditAction, type AuditEntry } from './audit/audit-entry';
export { recordAudit } from './audit/record-audit';
export type { CleanupOptions, CleanupReport } from './cleanup/cleanup-report';
export { createCleanupRuns, type CleanupRuns, type PlannedRun, type RunRecord } from './cleanup/cleanup-runs';
export { expireHistory, type ExpireHistoryOptions, type ExpireHistoryReport } from './cleanup/expire-history';
export { expireTokens, type ExpireTokensReport } from './cleanup/expire-tokens';
export { rotateLogs, type RotateLogsOptions, type RotateLogsReport } from './cleanup/rotate-logs';
export { acceptEvents, type AcceptedEvent, type IntakeResult } from './intake/accept-events';
export { createAcceptOnce, type AcceptOnce, type AcceptOnceOptions, type EventsRequest } from './intake/accept-once';
export { createIntake, type Intake, type IntakeOptions } from './intake/create-intake';
export { requestStatusChange, type StatusChangeAnswer, type StatusChangeRequest } from './intake/request-status-change';
export { runOnce, type Answer, type Executed, type KeyedRequest, type OnceOptions, type OnceResult } from './intake/run-once';
export type { ClaimOptions } from './jobs/claim-jobs';
export {
  createClaimLedger,
  createOrderApplier,
  createRowLockLedger,
  createVersionLoader,
  type LedgerOptions,
} from './jobs/ledger';
export { createProcessRegistry } from './jobs/process-registry';
export { readOldestWaits } from './jobs/read-oldest-waits';
export { createSweepLedger } from './jobs/sweep-ledger';
export { createClaimKeeping } from './jobs/claim-keeping';
export { pausedReason, pauseQueue, resumeQueue, type Pause, type PauseRequest, type PauseResult } from './operator/pause-queue';
export { applyOrderEvents } from './orders/apply-order-events';
export type { ApplyOptions, ApplyRequest, ApplyResult } from './orders/apply-types';
export type { FollowUps, NewMessage, PlannedEvent, PlanOrder } from './orders/order-plan';
export type { OrderVersion, OrderVersionKey } from './orders/order-versions';
export type { UnappliedEvent } from './orders/read-orders';
