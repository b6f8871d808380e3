import { loadConfig, type Environment } from '@orderly/config';
import type { CleanupTaskName } from '@orderly/contracts';
import { createDatabase, type Database, explainDatabaseFault } from '@orderly/database';
import { createCleanupRuns } from '@orderly/ledger';
import { carryOutRun, type CarryOutDeps, type RunSummary } from '../carry-out-run';
import { runConfig } from '../config';
import { describeRun } from '../describe-run';
import { createTasks, type CleanupTask } from '../handlers/tasks';

/** Runs one task now and prints the result in one line. It needs PostgreSQL only. */
export async function runTask(env: Environment, name: CleanupTaskName): Promise<void> {
  const { database, retention } = loadConfig(runConfig, env);
  const db = createDatabase({ ...database, poolSize: 2, applicationName: `cleanup-cron run ${name}` });
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => interruption.abort(new Error(`Interrupted by ${signal}`)));
  try {
    const summary = await runOnce(createTasks(retention)[name], name, {
      db,
      databaseUrl: database.url,
      signal: interruption.signal,
    });
    process.stdout.write(`${describeRun(name, summary)}\n`);
  } catch (error) {
    throw explainDatabaseFault(error) ?? error;
  } finally {
    await db.close();
  }
}

async function runOnce(
  task: CleanupTask,
  name: CleanupTaskName,
  { db, ...deps }: { readonly db: Database } & Pick<CarryOutDeps, 'databaseUrl' | 'signal'>,
): Promise<RunSummary> {
  const runs = createCleanupRuns(db);
  const probes = { postgresql: () => db.query('select 1') };
  const summary = await carryOutRun(await runs.open(name), task, { ...deps, runs, probes });
  if (summary === undefined) throw new Error('The run was carried out by another process');
  return summary;
}
