import { Pool, types, type PoolClient, type QueryResultRow } from 'pg';

export interface DatabaseOptions {
  readonly url: string;
  /** Connections of this process at most. */
  readonly poolSize: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** How long a query may wait for a connection. @defaultValue 5000 */
  readonly connectTimeoutMs?: number;
  /** After this long without an answer a query fails and its connection is given up. @defaultValue no limit */
  readonly queryTimeoutMs?: number;
  /** A connection of the pool broke while it was idle; the pool replaces it. */
  readonly onIdleError?: (error: Error) => void;
}

/** A process' connections to the ledger. */
export interface Database {
  readonly pool: Pool;
  query<Row extends QueryResultRow>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Runs `work` in one transaction (read committed): committed when it resolves, rolled back when it throws. */
  transaction<Result>(work: (query: Query) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

export type Query = <Row extends QueryResultRow>(text: string, values?: readonly unknown[]) => Promise<Row[]>;

const bigintOid = 20;
// Counts and sequence numbers stay far below 2^53.
types.setTypeParser(bigintOid, Number);

/** Opens no connection before the first query. */
export function createDatabase(options: DatabaseOptions): Database {
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    query_timeout: options.queryTimeoutMs,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));

  return {
    pool,
    query: async (text, values) => (await pool.query(text, values as unknown[] | undefined)).rows as never,
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

async function inTransaction<Result>(pool: Pool, work: (query: Query) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    const query = queryOf(client);
    await query('begin');
    const result = await work(query);
    await query('commit');
    return result;
  } catch (error) {
    // A connection that cannot even roll back is of no more use.
    await client.query('rollback').catch((reason: unknown) => void (broken ??= reason as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

const queryOf =
  (client: PoolClient): Query =>
  async (text, values) =>
    (await client.query(text, values as unknown[] | undefined)).rows as never;
