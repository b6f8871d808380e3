import type { Pool, PoolClient } from 'pg';
import type { Database } from './database';

/** How many callers wait for a connection of a pool, and for how long. */
export interface PoolPressure {
  readonly waiting: number;
  /** How long the first of them has waited. */
  readonly longestWaitMs: number;
}

/**
 * Times the waits for a connection, which the pool itself does not. Call it once for a database, before its first query.
 *
 * @returns a function that reads the current pressure and costs next to nothing
 */
export function watchPool({ pool }: Pick<Database, 'pool'>): () => PoolPressure {
  // In order of arrival.
  const waits = new Set<{ readonly since: number }>();
  const connect: Connect = pool.connect.bind(pool);

  const watched: Connect = (onConnected) => {
    const wait = { since: performance.now() };
    waits.add(wait);
    const done = (): void => void waits.delete(wait);
    if (onConnected === undefined) return (connect() as Promise<PoolClient>).finally(done);
    return connect((...result) => {
      done();
      onConnected(...result);
    });
  };
  pool.connect = watched as Pool['connect'];

  return () => {
    const [first] = waits;
    return { waiting: waits.size, longestWaitMs: first === undefined ? 0 : performance.now() - first.since };
  };
}

/** Both forms of the pool's own: with a callback, as its queries use it, and with a promise. */
type Connect = (
  onConnected?: (error: Error | undefined, client: PoolClient | undefined, release: (broken?: unknown) => void) => void,
) => Promise<PoolClient> | void;
