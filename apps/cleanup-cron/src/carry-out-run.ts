import type { CleanupRuns } from '@orderly/ledger';
import { isAppError, ShutdownError } from '@orderly/errors';
import type { CleanupTask } from './handlers/tasks';
import { startPace, type Probes } from './pace';
import { withTaskDatabase } from './with-task-database';

export interface CarryOutDeps {
  readonly runs: Pick<CleanupRuns, 'begin' | 'finish' | 'fail' | 'release'>;
  /** The servers whose latency says how fast a task may go. */
  readonly probes: Probes;
  readonly signal: AbortSignal;
  /** Of PostgreSQL: a task opens connections of its own. */
  readonly databaseUrl: string;
}

/** The outcome of a run. */
export interface RunSummary {
  readonly rows: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly isComplete: boolean;
  /** Further fields of the task's report: counts by kind, names of partitions. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Carries out a run and records it with its cost: rows, bytes, duration and the servers' latency before, during and after.
 *
 * @returns undefined if the run was done already
 */
export async function carryOutRun(
  runId: string,
  task: CleanupTask,
  { runs, probes, signal, databaseUrl }: CarryOutDeps,
): Promise<RunSummary | undefined> {
  if (!(await runs.begin(runId))) return undefined;
  const startedAt = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedAt);
  const pace = await startPace(probes, signal);
  try {
    const [report] = await Promise.all([
      withTaskDatabase({ url: databaseUrl, runId, signal }, (db) => task(db, { pause: pace.pause, signal })),
      pace.look(),
    ]);
    const { rows, bytes, isComplete, ...facts } = report;
    const summary = { rows, bytes, isComplete, facts, durationMs: durationMs() };
    await runs.finish(runId, {
      rows,
      bytes,
      detail: { ...facts, isComplete, durationMs: summary.durationMs, latency: await pace.latency() },
    });
    return summary;
  } catch (error) {
    const record =
      error instanceof ShutdownError
        ? runs.release(runId)
        : runs.fail(runId, { ...faultOf(error), durationMs: durationMs(), latency: await pace.latency() });
    // If the record cannot be written either, the run is closed as abandoned later.
    await record.catch(() => undefined);
    throw error;
  }
}

const faultOf = (error: unknown): object => ({
  code: isAppError(error) ? error.code : 'job-failed',
  error: error instanceof Error ? error.message : String(error),
});
