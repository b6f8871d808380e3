import { loadConfig, type Environment } from '@orderly/config';
import type { CleanupTaskName } from '@orderly/contracts';
import { createDatabase, type Database, explainDatabaseFault } from '@orderly/database';
import { createCleanupRuns } from '@orderly/ledger';
import { carryOutRun, type RunSummary } from '../carry-out-run';
import { runConfig } from '../config';
import { describeRun } from '../describe-run';
import { createTasks } from '../handlers/tasks';

/** Runs one task now and prints what it did, in one line. Neither Redis nor a schedule is needed. */
export async function runTask(env: Environment, name: CleanupTaskName): Promise<void> {
  const { database } = loadConfig(runConfig, env);
  const db = createDatabase({ ...database, poolSize: 2, applicationName: `cleanup-cron run ${name}` });
  const interruption = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => interruption.abort(new Error(`Interrupted by ${signal}`)));
  try {
    const summary = await runOnce(db, name, interruption.signal);
    process.stdout.write(`${describeRun(name, summary)}\n`);
  } catch (error) {
    throw explainDatabaseFault(error) ?? error;
  } finally {
    await db.close();
  }
}

async function runOnce(db: Database, name: CleanupTaskName, signal: AbortSignal): Promise<RunSummary> {
  const runs = createCleanupRuns(db);
  const probes = { postgresql: () => db.query('select 1') };
  const summary = await carryOutRun(await runs.open(name), createTasks(db)[name], { runs, probes, signal });
  if (summary === undefined) throw new Error('The run was carried out by another process');
  return summary;
}
