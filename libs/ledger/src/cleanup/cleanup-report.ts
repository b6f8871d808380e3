/** Limits the load of a cleanup task. */
export interface CleanupOptions {
  /** Most rows of one step. @defaultValue depends on the step, see each task */
  readonly batch?: number;
  /** Called between two steps: waits while the servers rest, and returns whether to go on. */
  readonly pause: () => Promise<boolean>;
  /** When it is aborted, the task throws its reason; finished batches stay done. */
  readonly signal: AbortSignal;
}

/** The result of a cleanup task. */
export interface CleanupReport {
  readonly rows: number;
  readonly bytes: number;
  /** False if the task was told to stop early; the next run goes on. */
  readonly isComplete: boolean;
}

/** Rows of one statement by default: some milliseconds of work. */
export const defaultBatch = 1000;
