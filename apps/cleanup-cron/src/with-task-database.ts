import { createDatabase, type Database, type Query } from '@orderly/database';

/** Options for the connections of one run. */
export interface TaskDatabaseOptions {
  readonly url: string;
  /** Part of the connections' name in `pg_stat_activity`, by which their statement is cancelled. It must be unique. */
  readonly runId: string;
  /** When aborted, the running statement is cancelled on the server, and no other is sent. */
  readonly signal: AbortSignal;
}

/** In ms. Statements that remove a batch or create a partition may take longer than those of a worker, but are still bounded. */
const queryTimeoutMs = 120_000;

/**
 * Runs a task with its own connections. It thus neither waits for the worker's connections nor is bound by their short timeouts.
 *
 * @throws the signal's reason if it is aborted
 */
export async function withTaskDatabase<Result>(
  { url, runId, signal }: TaskDatabaseOptions,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const applicationName = `cleanup-cron ${runId}`;
  // One connection for the task, one to cancel its statement.
  const db = createDatabase({ url, poolSize: 2, applicationName, queryTimeoutMs, preparesStatements: true });
  let cancelling: Promise<unknown> | undefined;
  const cancel = (): void => {
    // Found by name: behind PgBouncer the process id that the client knows is not that of the server.
    cancelling = db.query(cancelSql, [applicationName]).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel);
  try {
    return await work(untilAborted(db, signal));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    await cancelling;
    await db.close();
  }
}

const cancelSql = `
  select pg_cancel_backend(pid) from pg_stat_activity
  where application_name = $1 and state = 'active' and pid <> pg_backend_pid()`;

function untilAborted(db: Database, signal: AbortSignal): Database {
  const checked =
    (query: Query): Query =>
    async (text, values) => {
      signal.throwIfAborted();
      return query(text, values);
    };
  return { ...db, query: checked(db.query), transaction: (work) => db.transaction((query) => work(checked(query))) };
}
