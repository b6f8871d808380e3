import { destinationOfQueue } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { readWaitingQueues } from '@orderly/ledger';
import type { Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/**
 * Warns at the start about destinations with open jobs that the destinations file does not declare: they were renamed or
 * removed, or status-worker reads another file. No worker will ever send these jobs.
 */
export function warnAboutUnknownDestinations(
  declared: readonly string[],
  { db, logger }: { readonly db: Database; readonly logger: Logger },
): Service {
  let check: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    const waiting = (await readWaitingQueues(db)).flatMap((queue) => destinationOfQueue(queue) ?? []);
    const destinations = waiting.filter((name) => !declared.includes(name));
    if (destinations.length === 0) return;
    logger.warn({ destinations, declared }, 'Jobs wait for destinations that the destinations file does not declare');
  };
  return createService({
    name: 'check of destinations',
    start: async () => {
      // In the background: a warning must not hold up the start while PostgreSQL is away.
      check = look().catch((error: unknown) => logger.debug({ err: error }, 'The open jobs of destinations could not be read'));
    },
    stop: () => check,
  });
}
