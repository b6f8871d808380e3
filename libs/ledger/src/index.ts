export { openAlerts, type OpenAlertsOptions, type OpenedAlert } from './alerts/open-alerts';
export { raiseAlerts, type Alert, type RaiseOptions } from './alerts/raise-alerts';
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
export { createIntake, type Intake, type IntakeOptions, type IntakeRequest } from './intake/intake';
export { requestStatusChange, type StatusChangeAnswer, type StatusChangeRequest } from './intake/request-status-change';
export { runOnce, type Answer, type Executed, type KeyedRequest, type OnceResult } from './intake/run-once';
export type { ClaimOptions } from './jobs/claim-jobs';
export { createClaimLedger, createOrderApplier, type LedgerOptions } from './jobs/ledger';
export { createProcessRegistry } from './jobs/process-registry';
export { readOldestWaits } from './jobs/read-oldest-waits';
export { readWaitingQueues } from './jobs/read-waiting-queues';
export { createSweepLedger } from './jobs/sweep-ledger';
export { createClaimKeeping } from './jobs/claim-keeping';
export { readUnservedQueues, type UnservedQueue } from './jobs/read-unserved-queues';
export { carryOutStep, type OperationStep } from './operator/carry-out-operations';
export { declareDestinations, freeBlockedLanes, type DeclaredDestination } from './operator/declare-destinations';
export { discardLetters, maxDiscarded, type DiscardRequest, type DiscardResult } from './operator/discard-letters';
export type { LetterFilter } from './operator/letter-filter';
export {
  cancelOperation,
  countLetters,
  isKnownFingerprint,
  maxMatched,
  previewRedrive,
  startRedrive,
  type RedrivePreview,
  type RedriveRequest,
} from './operator/operation';
export { reopenLetters, type LetterAction, type Reopened } from './operator/reopen-letters';
export { resyncOrder, type ResyncAnswer, type ResyncRequest } from './operator/resync-order';
export { settleUnknown, type SettleAnswer, type SettleRequest } from './operator/settle-unknown';
export {
  findPause,
  pause,
  pausedReason,
  pauseEnd,
  pauseQueue,
  resume,
  resumeQueue,
  type Pause,
  type PauseRequest,
  type PauseResult,
} from './operator/pause';
export { applyOrderEvents } from './orders/apply-order-events';
export type { ApplyOptions } from './orders/apply-types';
export type { FollowUps, NewMessage, PlannedEvent, PlanOrder } from './orders/order-plan';
export type { UnappliedEvent } from './orders/read-orders';
