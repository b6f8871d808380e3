import { setTimeout as wait } from 'node:timers/promises';
import type { Database, Query } from '@orderly/database';

/**
 * How long a schema change may wait for its lock, in ms. While it waits, every other user of the table waits behind it. The time
 * is below PostgreSQL's `deadlock_timeout` of 1 s, so that in a deadlock this side gives up first.
 */
const lockTimeoutMs = 300;
/** How long a statement of the change may run, and thus hold its lock, in ms. */
const statementTimeoutMs = 10_000;
/** With their pauses the tries take a few seconds. A change that is refused so often is left for the next run. */
const maxTries = 6;
/** The pause between two tries, in ms. A random time up to the same length is added, so that two runs do not collide again. */
const retryPauseMs = 250;

/** Raised by the check of the default partition, if a row arrived in it while its rows were moved. */
const checkViolation = '23514';
const lockTroubles = new Set(['55P03', '40P01', checkViolation]);

/**
 * Runs a schema change in a transaction with a short lock timeout. If traffic blocks it, the change is tried again.
 *
 * @throws the error of the last try; {@link isLockTrouble} says whether traffic was the cause
 */
export async function withShortLocks<Result>(
  db: Pick<Database, 'transaction'>,
  signal: AbortSignal,
  work: (query: Query) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries += 1) {
    signal.throwIfAborted();
    try {
      return await db.transaction(async (query) => {
        await query(`set local lock_timeout = ${lockTimeoutMs}`);
        await query(`set local statement_timeout = ${statementTimeoutMs}`);
        return work(query);
      });
    } catch (error) {
      if (tries === maxTries || !isLockTrouble(error)) throw error;
    }
    await wait(retryPauseMs * (1 + Math.random()));
  }
}

/** Whether the change failed because of other users of the table, so that it may succeed later. */
export const isLockTrouble = (error: unknown): boolean => lockTroubles.has(String((error as { code?: unknown }).code));
