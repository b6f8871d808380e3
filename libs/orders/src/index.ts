export { allowedFrom, distance, isReachable, pathBetween, statusGraph } from './status-graph';
export { placeholderOf, type OrderState, type PendingEvent } from './order-state';
export type { AppliedDecision, Decision, RejectedDecision, RejectionCode } from './decision';
export { decide, targetStatus } from './decide';
export { decideAtDeadline, type DeadlinePolicy } from './decide-at-deadline';
export { applyEvents, type AppliedEvents, type EventOutcome } from './apply-events';
export { waitsFor, type MissingStep } from './waits-for';
export { mergePatch } from './merge-patch';
