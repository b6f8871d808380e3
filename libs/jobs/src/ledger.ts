import type { ClaimedJob, ClaimRequest, ClaimResult, ReadResult } from './claim';
import type { RunnableJob } from './engine';
import type { Settlement, SettleResult } from './settlement';

/**
 * The ledger of record, as a worker sees it. Calls that are made at the same time share one round trip; while the database is
 * away they wait for it, so that a worker with waiting slots fetches nothing and fails nothing.
 */
export interface Ledger {
  claim(request: ClaimRequest): Promise<ClaimResult>;
  /** For the failure of a job that was not claimed: the order's row lock served as the claim, or the claim was refused. */
  read(jobId: string): Promise<ReadResult>;
  settle(settlement: Settlement): Promise<SettleResult>;
}

/** The position of a walk over the due jobs of a queue. */
export interface DueCursor {
  /** As PostgreSQL writes it: a Date would lose the microseconds, and the walk its position. */
  readonly runAt: string;
  readonly id: string;
}

/** The ledger, as the sweep sees it. */
export interface SweepLedger {
  /** Takes the right to sweep a queue for `forMs`; false while another process holds it. */
  lease(queue: string, forMs: number): Promise<boolean>;
  /**
   * Jobs that have been due for at least `sinceMs`, in the order of their time: a page of a walk over all of them. `next` is
   * null on the last page.
   */
  duePage(
    queue: string,
    after: DueCursor | null,
    limit: number,
    sinceMs: number,
  ): Promise<{ jobs: RunnableJob[]; next: DueCursor | null }>;
  /** Jobs that became due in the last `withinMs` after a wait, such as a parked one at its deadline. */
  freshlyDue(queue: string, withinMs: number, limit: number): Promise<RunnableJob[]>;
  /** Running jobs whose process is dead. */
  lost(queue: string, limit: number): Promise<RunnableJob[]>;
  /** Gives lanes whose head is not open a head again, and returns the new heads. */
  repairLanes(queue: string, limit: number): Promise<RunnableJob[]>;
}

/** The ledger's view of the claims of one process. */
export interface ClaimKeeping {
  /** The claims that the process holds, in all of its queues. */
  heldClaims(): Promise<ClaimedJob[]>;
}

/** The heartbeats by which processes know each other to be alive. */
export interface ProcessRegistry {
  beat(): Promise<void>;
  /** A process that stops in order gives up its claims at once. */
  leave(): Promise<void>;
}
