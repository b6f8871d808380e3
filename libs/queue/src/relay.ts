import type { Engine, RunnableJob } from '@orderly/jobs';
import { metrics, withoutParent, type Counter } from '@orderly/observability';

/** Hands runnable jobs to the engine after their commit. */
export interface Relay {
  /** Never waits and never fails: the sweep finds the jobs that cannot be added. */
  (jobs: readonly RunnableJob[]): void;
  /** Resolves when every job that was handed over so far has been added or left to the sweep. */
  idle(): Promise<void>;
}

/** Most jobs that wait for one round trip. With more, Redis is away or too slow, and the sweep serves better. */
const maxWaiting = 20_000;

/**
 * While one round trip is under way, the jobs of the next gather.
 *
 * @param onLeft told how many jobs are left to the sweep, once per failed round trip and per call while too many wait
 * @param onAdded told after each round trip that succeeded
 */
export function createRelay(
  engine: Pick<Engine, 'add'>,
  onLeft: (error: unknown, jobs: number) => void,
  onAdded: () => void = () => undefined,
): Relay {
  let waiting: RunnableJob[] = [];
  let running: Promise<void> | undefined;

  const leave = (error: unknown, jobs: readonly RunnableJob[]): void => {
    count(metrics.relayLeft, jobs);
    onLeft(error, jobs.length);
  };
  const relay = (jobs: readonly RunnableJob[]): void => {
    if (jobs.length === 0) return;
    if (waiting.length > maxWaiting) return leave(new Error('too many jobs wait for Redis already'), jobs);
    waiting.push(...jobs);
    // The jobs belong to many traces, so the round trip is part of none.
    running ??= withoutParent(run);
  };
  return Object.assign(relay, { idle: async () => running });

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      // Jobs of other commits in the same turn of the event loop share the round trip.
      await new Promise(setImmediate);
      const jobs = waiting;
      waiting = [];
      await engine.add(jobs).then(
        () => {
          count(metrics.relayAdded, jobs);
          onAdded();
        },
        (error: unknown) => leave(error, jobs),
      );
    }
    // In the turn in which nothing was left, so that later jobs start a run of their own.
    running = undefined;
  }
}

function count(metric: Counter<'queue'>, jobs: readonly RunnableJob[]): void {
  for (const [queue, ofQueue] of Map.groupBy(jobs, (job) => job.queue)) metric.add({ queue }, ofQueue.length);
}
