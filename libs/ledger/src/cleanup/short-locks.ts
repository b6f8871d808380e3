import { setTimeout as wait } from 'node:timers/promises';
import type { Database, Query } from '@orderly/database';

/**
 * How long a change of the schema may wait for its lock, in ms: meanwhile everybody else who wants the table waits behind it.
 * Below PostgreSQL's `deadlock_timeout` of 1 s, so that in a circle it is we who give way.
 */
const lockTimeoutMs = 300;
/** How long a statement may then keep its lock, in ms. */
const statementTimeoutMs = 10_000;
const maxTries = 6;
/** Between two tries, in ms, plus as much again at random. */
const retryPauseMs = 250;

/** Raised by a check of the default partition: a row arrived in it just when it was moved. */
const checkViolation = '23514';
const lockTroubles = new Set(['55P03', '40P01', checkViolation]);

/**
 * Runs a change of the schema in a transaction that gives up soon where traffic is in its way, and tries again.
 *
 * @throws the last try's error; {@link isLockTrouble} tells whether it was traffic
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

export const isLockTrouble = (error: unknown): boolean => lockTroubles.has(String((error as { code?: unknown }).code));
