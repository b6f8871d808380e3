import type { Database } from '@orderly/database';
import { readUnservedQueues, type UnservedQueue } from '@orderly/ledger';
import { createSparseLog, type Logger, metrics } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/** The interval of the check, in ms. A rolling restart leaves a queue without a process for less time than this. */
const defaultLookMs = 30_000;

/**
 * Reports queues that have open jobs but no live process, such as those of a destination that only status-worker knows.
 * The log names a queue after two checks in a row. The gateway does this because a worker that is down cannot report itself.
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
      // A failed check is not logged: other parts report that PostgreSQL is away. The last counts stay.
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
