import { setTimeout as sleep } from 'node:timers/promises';
import { faultKind } from './fault-kind';

export interface WaitForDatabaseOptions {
  /** Ends the wait: the process stops. */
  readonly signal: AbortSignal;
  /** The database went away (`true`) or came back. */
  readonly onChange?: (isAway: boolean) => void;
  /** Called before each pause of the wait, with the error of the last try. */
  readonly onWait?: (error: unknown) => void;
}

export interface RetryOptions {
  /** Waits for as long as PostgreSQL is away or refuses us. Without it such a fault is thrown at once. */
  readonly wait?: WaitForDatabaseOptions;
  /** The caller splits a statement that took too much time or memory, so it is not run again unchanged. */
  readonly splits?: boolean;
}

/** Pauses of the wait for the server: it doubles from the first to the longest, in ms. */
const firstPauseMs = 100;
const longestPauseMs = 2000;

/** After this many tries the fault is charged to the statement. */
const maxTries = 4;
/**
 * A caller who cannot wait for the server gets no further try after this long, in ms: after a statement_timeout the caller has
 * gone.
 */
export const patienceMs = 1000;
/** The limit doubles from try to try, and the pause is random below it: two deadlocked transactions must not meet again. */
const busyPauseMs = 20;

/**
 * Runs `work`, and runs it again if that is the remedy: see {@link FaultKind}. A passing fault gets a few tries. A server that
 * is away is waited for if `wait` is given. `work` must be safe to run twice, because a connection can break after the
 * commit.
 */
export async function retried<Result>(work: () => Promise<Result>, { wait, splits = false }: RetryOptions = {}): Promise<Result> {
  const triesUntil = wait ? Infinity : performance.now() + patienceMs;
  let isAway = false;
  let tries = 0;
  let pauseMs = firstPauseMs;
  for (;;) {
    try {
      const result = await work();
      if (isAway) wait?.onChange?.(false);
      return result;
    } catch (error) {
      const kind = faultKind(error);
      if (kind === 'away' || kind === 'setup') {
        if (wait === undefined || wait.signal.aborted) throw error;
        if (!isAway) wait.onChange?.(true);
        isAway = true;
        wait.onWait?.(error);
        await pause(pauseMs, error, wait.signal);
        pauseMs = Math.min(pauseMs * 2, longestPauseMs);
        continue;
      }
      if (isAway) wait?.onChange?.(false);
      isAway = false;
      tries += 1;
      const isWorthIt = kind === 'busy' || (kind === 'exhausted' && !splits);
      if (!isWorthIt || tries >= maxTries || performance.now() > triesUntil || wait?.signal.aborted) throw error;
      await pause(Math.random() * busyPauseMs * 2 ** tries, error, wait?.signal);
    }
  }
}

/** @throws `error` if the pause is aborted: it says more than the abort */
const pause = (ms: number, error: unknown, signal?: AbortSignal): Promise<unknown> =>
  sleep(ms, undefined, { signal }).catch(() => Promise.reject(error as Error));
