import type { CleanupRuns } from '@orderly/ledger';
import { isAppError, ShutdownError } from '@orderly/errors';
import type { CleanupTask } from './handlers/tasks';
import { startPace, type Probes } from './pace';

export interface CarryOutDeps {
  readonly runs: Pick<CleanupRuns, 'begin' | 'finish' | 'fail' | 'release'>;
  /** The servers whose latency says how fast a task may go. */
  readonly probes: Probes;
  readonly signal: AbortSignal;
}

/** What a run did and how long it took. */
export interface RunSummary {
  readonly rows: number;
  readonly bytes: number;
  readonly durationMs: number;
  readonly isComplete: boolean;
  /** What the task says beside: counts, and names of what came and went. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/**
 * Carries a run out and records it, with what it cost: figures, duration and the servers' latency before, during and after.
 *
 * @returns undefined if the run was done already
 */
export async function carryOutRun(
  runId: string,
  task: CleanupTask,
  { runs, probes, signal }: CarryOutDeps,
): Promise<RunSummary | undefined> {
  if (!(await runs.begin(runId))) return undefined;
  const startedAt = performance.now();
  const durationMs = (): number => Math.round(performance.now() - startedAt);
  const pace = await startPace(probes, signal);
  try {
    const [report] = await Promise.all([task({ pause: pace.pause, signal }), pace.look()]);
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
    // What failed the task may keep the record from being written too: then the run is closed as abandoned.
    await record.catch(() => undefined);
    throw error;
  }
}

const faultOf = (error: unknown): object => ({
  code: isAppError(error) ? error.code : 'job-failed',
  error: error instanceof Error ? error.message : String(error),
});
