import type { CleanupRuns } from '@orderly/ledger';
import { isAppError, ShutdownError } from '@orderly/errors';
import type { CleanupTask } from './handlers/tasks';
import { startPace, type Probes } from './pace';
import { withTaskDatabase } from './with-task-database';

/** What a run needs from its process. */
export interface CarryOutDeps {
  readonly runs: Pick<CleanupRuns, 'begin' | 'finish' | 'fail' | 'release'>;
  /** Round trips to the servers. Their latency decides how fast the task may work. */
  readonly probes: Probes;
  readonly signal: AbortSignal;
  /** The URL of PostgreSQL: a task opens its own connections. */
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
 * Carries out a run and records its result and cost: rows, bytes, duration, and the servers' latency before, during and after it.
 *
 * @returns undefined if the run is already done
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
      // A task with a single step never pauses, so the latency during it is measured here.
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
    // If this write fails too, the watchdog later closes the run as abandoned.
    await record.catch(() => undefined);
    throw error;
  }
}

const faultOf = (error: unknown): object => ({
  code: isAppError(error) ? error.code : 'job-failed',
  error: error instanceof Error ? error.message : String(error),
});
