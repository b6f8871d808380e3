import { setTimeout as sleep } from 'node:timers/promises';
import { faultKind } from './fault-kind';

export interface WaitForDatabaseOptions {
  /** Ends the wait: the process stops. */
  readonly signal: AbortSignal;
  /** The database went away (`true`) or came back. */
  readonly onChange?: (isAway: boolean) => void;
  /** Called before each pause of the wait, with what the last try failed with. */
  readonly onWait?: (error: unknown) => void;
}

export interface RetryOptions {
  /** Waits for as long as PostgreSQL is away or refuses us. Without it such a fault is thrown at once. */
  readonly wait?: WaitForDatabaseOptions;
  /** The caller splits a statement that took too much time or memory, so such a one is not run again as it is. */
  readonly splits?: boolean;
}

/** Pauses of the wait for the server: it doubles from the first to the longest, in ms. */
const firstPauseMs = 100;
const longestPauseMs = 2000;

/** A fault that comes back this often is charged to the statement. */
const maxTries = 4;
/**
 * After this long, in ms, a caller who cannot wait for the server is told of a fault that may pass, instead of another try: after
 * a statement_timeout the one who asked has gone.
 */
export const patienceMs = 1000;
/** Doubles from one try to the next, and is drawn at random below that: two that met in a deadlock must not meet again. */
const busyPauseMs = 20;

/**
 * Runs `work`, and again where that is the remedy: see {@link FaultKind}. A fault that may pass is tried a few times; a server
 * that is away is waited for, if `wait` is given. `work` must be safe to run twice, because a connection can break after the
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
