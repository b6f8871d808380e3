import type { Database } from '@orderly/database';
import { readUnservedQueues, type UnservedQueue } from '@orderly/ledger';
import { createSparseLog, type Logger, metrics } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/** How often the ledger is asked, in ms: longer than a rolling restart leaves a queue without a process. */
const defaultLookMs = 30_000;

/**
 * Says which queues have jobs that no process runs, such as those of a destination that only status-worker knows. Here and not in
 * a worker, because the queues of a worker that does not run are the ones in question.
 */
export function watchUnservedQueues(db: Pick<Database, 'query'>, logger: Logger, lookMs = defaultLookMs): Service {
  let known: readonly UnservedQueue[] = [];
  let timer: NodeJS.Timeout | undefined;
  let endObservation = (): void => undefined;
  const log = createSparseLog<readonly UnservedQueue[]>(
    (queues) => logger.warn({ queues }, 'No process works on queues that have open jobs'),
    {
      intervalMs: 60_000,
    },
  );

  const look = async (): Promise<void> => {
    const before = new Set(known.map(({ queue }) => queue));
    known = await readUnservedQueues(db);
    const lasting = known.filter(({ queue }) => before.has(queue));
    if (lasting.length > 0) log(lasting);
  };

  return createService({
    name: 'unserved queues',
    async start() {
      // While PostgreSQL is away others say so; the figures stay as they were.
      timer = setInterval(() => void look().catch(() => undefined), lookMs);
      endObservation = metrics.queueUnservedJobs.observe(() =>
        known.map(({ queue, openJobs }) => ({ value: openJobs, labels: { queue } })),
      );
    },
    async stop() {
      clearInterval(timer);
      endObservation();
    },
  });
}
