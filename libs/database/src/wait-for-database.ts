import { setTimeout as sleep } from 'node:timers/promises';
import { isDatabaseAway, isTransient } from './connection-error';

export interface WaitForDatabaseOptions {
  /** Ends the wait: the process stops. */
  readonly signal: AbortSignal;
  /** The database went away (`true`) or came back. */
  readonly onChange?: (isAway: boolean) => void;
}

const firstPauseMs = 100;
const longestPauseMs = 2000;
/** A deadlock or serialization failure that comes back this often is a fault of the statement. */
const transientRetries = 5;

/**
 * Runs `work`, again and again while the database is away: then the caller waits and nothing fails. `work` must be safe to run
 * twice, because a connection can break after the commit.
 */
export async function waitForDatabase<Result>(
  work: () => Promise<Result>,
  { signal, onChange }: WaitForDatabaseOptions,
): Promise<Result> {
  let isAway = false;
  for (let tries = 1, pauseMs = firstPauseMs; ; tries += 1) {
    try {
      const result = await work();
      if (isAway) onChange?.(false);
      return result;
    } catch (error) {
      if (isTransient(error) && tries <= transientRetries) continue;
      if (isAway && !isDatabaseAway(error)) onChange?.(false);
      if (!isDatabaseAway(error) || signal.aborted) throw error;
      if (!isAway) onChange?.(true);
      isAway = true;
      // An abort ends the pause with an error of its own; the database's says more.
      await sleep(pauseMs, undefined, { signal }).catch(() => Promise.reject(error as Error));
      pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    }
  }
}
