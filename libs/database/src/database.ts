import { createHash } from 'node:crypto';
import { Pool, types, type ClientBase, type PoolClient, type QueryResultRow } from 'pg';
import { mayPass } from './fault-kind';

export interface DatabaseOptions {
  readonly url: string;
  /** Maximum number of connections of this process. */
  readonly poolSize: number;
  /** Shown in `pg_stat_activity`. */
  readonly applicationName: string;
  /** How long a query may wait for a connection. @defaultValue 5000 */
  readonly connectTimeoutMs?: number;
  /**
   * After this long without an answer a query fails and its connection is given up. The server ends the statement a little
   * earlier, so that nothing runs on for a caller who has gone. @defaultValue no limit
   */
  readonly queryTimeoutMs?: number;
  /**
   * Prepares each statement once per connection and plans it once for all values. For a worker: its few statements are large and
   * run thousands of times, and planning them takes three times as long as running them. Sequential scans are switched off,
   * because a plan made for a small table is kept while the table grows. @defaultValue false
   */
  readonly preparesStatements?: boolean;
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

/**
 * How long a process that is frozen or cut off inside a transaction keeps its row locks, in ms. Without a limit it keeps them
 * until TCP gives up the connection, which can take hours. Our transactions wait for nothing but the database.
 */
const maxIdleInTransactionMs = 5000;

/** One round trip; behind PgBouncer in transaction mode too, the setting ends with the transaction. */
const begin = `begin; set local idle_in_transaction_session_timeout = ${maxIdleInTransactionMs}`;

/**
 * The server's limit lies below ours: while the connection works, a statement that takes too long is ended by the server, with an
 * error that says so. Ours is for a connection that has become silent.
 */
const serverShare = 0.9;

/** Opens no connection before the first query. */
export function createDatabase(options: DatabaseOptions): Database {
  const prepared = options.preparesStatements ?? false;
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5000,
    query_timeout: options.queryTimeoutMs,
    statement_timeout: options.queryTimeoutMs && Math.ceil(options.queryTimeoutMs * serverShare),
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    onConnect: prepared ? planOnce : undefined,
  });
  // Without a listener an idle connection that breaks would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));

  return {
    pool,
    query: (text, values) => run(pool, prepared, text, values),
    transaction: (work) => inTransaction(pool, prepared, work),
    close: () => pool.end(),
  };
}

/**
 * A plan is kept until the table is analysed again. A plan for a table of a few pages, on a new ledger or at the beginning of a
 * week, would scan the whole table, and would still do so while a burst fills it. JIT compilation never pays for statements
 * that run for a millisecond.
 *
 * Behind a PgBouncer that shares connections, some connections may lack the settings: they only plan more often.
 *
 * @returns a promise: the pool waits for it, although its type does not say so
 */
const planOnce = (client: ClientBase): unknown =>
  client.query('set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off');

/**
 * Unless the statement itself was at fault, the connection is thrown away, as the pool does after a single query. It may lead to
 * a demoted server, lack a prepared statement, or still be busy, so that a rollback would wait in vain. Closing it rolls back.
 */
async function inTransaction<Result>(pool: Pool, prepared: boolean, work: (query: Query) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  const onError = (error: Error): void => void (broken = error);
  client.on('error', onError);
  try {
    await client.query(begin);
    const result = await work((text, values) => run(client, prepared, text, values));
    await client.query('commit');
    return result;
  } catch (error) {
    if (mayPass(error)) broken ??= error as Error;
    if (broken === undefined) await client.query('rollback').catch((reason: unknown) => void (broken = reason as Error));
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

async function run<Row extends QueryResultRow>(
  client: Pick<Pool, 'query'> | PoolClient,
  prepared: boolean,
  text: string,
  values?: readonly unknown[],
): Promise<Row[]> {
  // A text without values may hold several statements, which cannot be prepared.
  const name = prepared && values ? statementName(text) : undefined;
  return (await client.query<Row>({ name, text, values: values as unknown[] | undefined })).rows;
}

const statementNames = new Map<string, string>();

/** Statements are constants of the code, so there are few. PostgreSQL cuts a name off at 63 bytes. */
function statementName(text: string): string {
  const name = statementNames.get(text) ?? `orderly_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`;
  statementNames.set(text, name);
  return name;
}
