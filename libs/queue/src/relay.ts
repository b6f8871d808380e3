import type { Engine, RunnableJob } from '@orderly/jobs';
import { metrics, withoutParent, type Counter } from '@orderly/observability';

/** Adds runnable jobs to the engine after their commit. */
export interface Relay {
  /** Never waits and never throws. The sweep later adds the jobs that could not be added. */
  (jobs: readonly RunnableJob[]): void;
  /** Resolves when all jobs so far have been added or left to the sweep. */
  idle(): Promise<void>;
}

/** Bounds the jobs that wait in memory. If more wait, Redis is away or too slow, and further jobs are left to the sweep. */
const maxWaiting = 20_000;

/**
 * Creates the relay. It makes one round trip at a time; jobs that arrive meanwhile share the next one.
 *
 * @param onLeft - called with the number of jobs left to the sweep: once per failed round trip, and once per call while too
 * many jobs wait
 * @param onAdded - called after each successful round trip
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
    // The jobs of a round trip belong to many traces, so it must not become part of the current one.
    running ??= withoutParent(run);
  };
  return Object.assign(relay, { idle: async () => running });

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      // Waits for other commits in the same turn of the event loop, so that their jobs share the round trip.
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
    // No await since the last check, so a job cannot arrive in between and be forgotten.
    running = undefined;
  }
}

function count(metric: Counter<'queue'>, jobs: readonly RunnableJob[]): void {
  for (const [queue, ofQueue] of Map.groupBy(jobs, (job) => job.queue)) metric.add({ queue }, ofQueue.length);
}
