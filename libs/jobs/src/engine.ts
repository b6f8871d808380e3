/** A job that may run now, or after `delayMs`, with everything that the engine needs. */
export interface RunnableJob {
  readonly id: string;
  readonly name: string;
  readonly queue: string;
  /** 1 (critical) to 4 (low). */
  readonly priority: number;
  readonly delayMs?: number;
}

/** Leaves out what an engine must not hold, such as a payload. */
export const runnableOf = ({ id, name, queue, priority }: RunnableJob): RunnableJob => ({ id, name, queue, priority });

/** The engine that executes jobs: BullMQ on Redis. It may lose everything, because the ledger can refill it. */
export interface Engine {
  /** Hands over many jobs in one round trip. A job that the engine has already is left as it is. */
  add(jobs: readonly RunnableJob[]): Promise<void>;
  /** Returns the given jobs that the engine would never run. It removes their remains, so that they can be added again. */
  absent(jobs: readonly RunnableJob[]): Promise<RunnableJob[]>;
}
