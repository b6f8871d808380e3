/** How a cleanup task is kept from being a burden. */
export interface CleanupOptions {
  /** Rows of one statement at most. @defaultValue 1000 */
  readonly batch?: number;
  /** Called between two steps: waits as long as the servers need to rest, and says whether to go on. */
  readonly pause: () => Promise<boolean>;
  /** The task throws its reason when it is aborted; what was done until then stays done. */
  readonly signal: AbortSignal;
}

/** What a cleanup task did. */
export interface CleanupReport {
  readonly rows: number;
  readonly bytes: number;
  /** False: the task was told to stop before its end, and the next run goes on. */
  readonly isComplete: boolean;
}

/** Rows of one statement, unless the caller says otherwise: some milliseconds of work. */
export const defaultBatch = 1000;
