/** A job that may be run now, or after `delayMs`: all that the engine needs to know of it. */
export interface RunnableJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** 1 (critical) to 4 (low). */
  readonly priority: number;
  readonly delayMs?: number;
}

/** What executes jobs, fast and forgetful: BullMQ on Redis. The ledger can always fill it again. */
export interface Engine {
  /** Hands over many jobs in one round trip. A job that the engine has already is left as it is. */
  add(jobs: readonly RunnableJob[]): Promise<void>;
  /** Of the given jobs, those that the engine would never run. Their remains are removed, so that they can be added again. */
  absent(jobs: readonly RunnableJob[]): Promise<RunnableJob[]>;
}
