/** Options that limit the load of a cleanup task. */
export interface CleanupOptions {
  /** The highest number of rows in one step. Larger steps hold their locks for longer. @defaultValue depends on the step */
  readonly batch?: number;
  /** Called between two steps. It waits so that the servers can recover, and returns false if the task should stop. */
  readonly pause: () => Promise<boolean>;
  /** When aborted, the task throws the signal's reason. Finished batches stay committed. */
  readonly signal: AbortSignal;
}

/** The result of a cleanup task. */
export interface CleanupReport {
  /** Removed rows. */
  readonly rows: number;
  /** The size of the removed rows, or of dropped partitions with their indexes. */
  readonly bytes: number;
  /** False if the task stopped early. The next run continues. */
  readonly isComplete: boolean;
}

/** The default number of rows in one statement: some milliseconds of work. */
export const defaultBatch = 1000;
