import { createDatabase, type Database, type Query } from '@orderly/database';

export interface TaskDatabaseOptions {
  readonly url: string;
  /** Names the connections in `pg_stat_activity`. */
  readonly runId: string;
  /** When it is aborted, the statement that runs is cancelled, on the server too, and no other is sent. */
  readonly signal: AbortSignal;
}

/** A statement removes a batch, or builds a partition: more than a worker's statements may take, and still bounded. In ms. */
const queryTimeoutMs = 120_000;

/**
 * Runs a task with connections of its own, so that it neither waits for the worker's nor has their short timeouts.
 *
 * @throws the signal's reason if it is aborted
 */
export async function withTaskDatabase<Result>(
  { url, runId, signal }: TaskDatabaseOptions,
  work: (db: Database) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const applicationName = `cleanup-cron ${runId}`;
  // One for the task, one to cancel its statement.
  const db = createDatabase({ url, poolSize: 2, applicationName, queryTimeoutMs, preparesStatements: true });
  let cancelling: Promise<unknown> | undefined;
  const cancel = (): void => {
    // By name: behind PgBouncer the number of a connection is not that of its server.
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
