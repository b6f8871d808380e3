export { jobStates, jobOutcomes, waitReasons, type JobState, type JobOutcome, type WaitReason } from './job-state';
export { type ClaimKeeping, type Ledger, type DueCursor, type ProcessRegistry, type SweepLedger } from './ledger';
export {
  type AttemptLog,
  type ClaimedJob,
  type ClaimRequest,
  type ClaimResult,
  type DueJob,
  type NotDue,
  type OrderVersion,
  type ReadResult,
} from './claim';
export { type Hold, type LaneStep, type MessageUpdate, type Settlement, type SettleResult, type Verdict } from './settlement';
export type { ApplyContext, ApplyJob, ApplyResult, DeliveredJob, Delivery } from './apply';
export { runnableOf, type Engine, type RunnableJob } from './engine';
export { createCoalescer, type Coalescer, type CoalescerOptions } from './coalescer';
export { backoffMs } from './backoff';
export { classifyFailure, fingerprintOf, isAmbiguous, isLastAttempt } from './classify';
export { done, skipped, type HandlerResult, type JobContext, type JobHandler } from './handler';
export { createSoloGate, type SoloGate } from './solo-gate';
export { liveness } from './liveness';
export { newJob, type NewJob, type NewJobOptions } from './new-job';
