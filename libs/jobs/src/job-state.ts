/**
 * Where a job is in its life:
 * - `runnable`: may be claimed, once `run_at` has come;
 * - `running`: claimed by a process;
 * - `blocked`: behind the head of its lane;
 * - `parked`: its event came early and waits for the order to move, or for the deadline in `run_at`;
 * - `ended`: has its one outcome.
 */
export const jobStates = ['runnable', 'running', 'blocked', 'parked', 'ended'] as const;
export type JobState = (typeof jobStates)[number];

/**
 * How a job ended:
 * - `done`: its effect took place;
 * - `skipped`: there was nothing to do, such as a message to a customer without an address;
 * - `duplicate`: the order had the status already;
 * - `superseded`: a newer change made it unnecessary;
 * - `dead`: failed for good, a dead letter;
 * - `unknown`: the effect may have taken place or not; a receipt or a person settles it;
 * - `discarded`: given up by a person.
 */
export const jobOutcomes = ['done', 'skipped', 'duplicate', 'superseded', 'dead', 'unknown', 'discarded'] as const;
export type JobOutcome = (typeof jobOutcomes)[number];

/** Why a job that is not running waits. */
export const waitReasons = ['retry', 'throttled', 'held', 'parked', 'behind-head', 'handed-back'] as const;
export type WaitReason = (typeof waitReasons)[number];
