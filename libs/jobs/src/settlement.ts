import type { AttemptLog, ClaimedJob, DueJob } from './claim';
import type { JobOutcome, WaitReason } from './job-state';

/** A recorded reason why a whole destination waits. */
export interface Hold {
  readonly reason: string;
  readonly forMs: number;
}

/** The decision about a job after an attempt. */
export type Verdict =
  | {
      readonly kind: 'ended';
      readonly outcome: Exclude<JobOutcome, 'dead'>;
      readonly resultVersion?: number;
      readonly reason?: string;
    }
  | { readonly kind: 'dead'; readonly code: string; readonly message: string; readonly fingerprint: string }
  | {
      readonly kind: 'again';
      readonly delayMs: number;
      readonly usesAttempt: boolean;
      readonly waitReason: WaitReason;
      readonly hold?: Hold;
    };

/**
 * What a lane does when its head has ended: the `next` job becomes head, the `newest` does and those before it are superseded,
 * or the lane waits (`block`) for a person.
 */
export type LaneStep = 'next' | 'newest' | 'block';

/** The new state of the message that shares the job's id. */
export interface MessageUpdate {
  readonly state: string;
  readonly providerId?: string;
  readonly reason?: string;
}

/**
 * Effect, outcome and follow-up of one attempt, written in one transaction: under the claim's token, or, for a job without a
 * claim, if no other settlement of the same try was written.
 */
export interface Settlement {
  readonly job: ClaimedJob | DueJob;
  readonly verdict: Verdict;
  /** Missing if a claim is given up before anything was tried: no attempt row is written then. */
  readonly attempt?: AttemptLog;
  readonly laneStep?: LaneStep;
  readonly message?: MessageUpdate;
  /** The attempt failed, but its effect may have taken place. */
  readonly leavesDoubt?: boolean;
}

export interface SettleResult {
  /** False: the claim was lost, and another process decides. */
  readonly settled: boolean;
}
