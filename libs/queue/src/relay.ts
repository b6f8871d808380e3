import type { Engine, RunnableJob } from '@orderly/jobs';
import { metrics, withoutParent } from '@orderly/observability';

/** Hands runnable jobs to the engine after their commit. */
export interface Relay {
  /** Never waits and never fails: what cannot be added is found by the sweep. */
  (jobs: readonly RunnableJob[]): void;
  /** Resolves when everything that was handed over so far has been added or given up. */
  idle(): Promise<void>;
}

/** Jobs that wait for one round trip. More means that Redis is away or too slow: the sweep is the better way then. */
const maxWaiting = 20_000;

/**
 * While one round trip is under way, the jobs of the next gather.
 *
 * @param onError told once per failed round trip
 */
export function createRelay(engine: Pick<Engine, 'add'>, onError: (error: unknown, jobs: number) => void): Relay {
  let waiting: RunnableJob[] = [];
  let running: Promise<void> | undefined;

  const relay = (jobs: readonly RunnableJob[]): void => {
    if (jobs.length === 0 || waiting.length > maxWaiting) return;
    waiting.push(...jobs);
    // What is handed over belongs to many traces: the round trip is part of none.
    running ??= withoutParent(run);
  };
  return Object.assign(relay, { idle: async () => running });

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      // One turn of the event loop: what other commits bring in it shares the round trip.
      await new Promise(setImmediate);
      const jobs = waiting;
      waiting = [];
      await engine.add(jobs).then(
        () => count(jobs),
        (error: unknown) => onError(error, jobs.length),
      );
    }
    // In the same turn in which nothing was left: what comes later starts a run of its own.
    running = undefined;
  }
}

function count(jobs: readonly RunnableJob[]): void {
  for (const [queue, ofQueue] of Map.groupBy(jobs, (job) => job.queue)) metrics.relayAdded.add({ queue }, ofQueue.length);
}
