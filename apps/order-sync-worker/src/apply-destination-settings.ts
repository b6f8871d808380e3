import type { Database } from '@orderly/database';
import type { Destination } from '@orderly/destinations';
import type { RunnableJob } from '@orderly/jobs';
import { declareDestinations, freeBlockedLanes } from '@orderly/ledger';
import type { Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/** How long to wait before another try if the ledger is away, in ms. */
const retryMs = 2000;

interface SettingsParts {
  readonly db: Database;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  readonly logger: Logger;
}

/**
 * Stores the destinations' settings in the ledger, for redrives that other processes carry out, and frees the lanes that a changed
 * `onDeadHead` or `mode` no longer blocks. In the background: a start must not wait for thousands of lanes, or for PostgreSQL.
 */
export function applyDestinationSettings(
  destinations: readonly Destination[],
  served: readonly Destination[],
  { db, relay, logger }: SettingsParts,
): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;

  const apply = async (): Promise<void> => {
    try {
      await declareDestinations(
        db,
        destinations.map(({ name, mode, onDeadHead }) => ({ name, mode, onDeadHead })),
      );
      for (const { name, onDeadHead } of served) {
        const lanes = isStopped ? 0 : await freeBlockedLanes(db, name, relay);
        if (lanes > 0) logger.info({ destination: name, lanes, onDeadHead }, 'Blocked lanes were freed by the new setting');
      }
    } catch (error) {
      logger.debug({ err: error }, 'The settings of destinations could not be stored yet');
      if (!isStopped) timer = setTimeout(() => (running = apply()), retryMs);
    }
  };

  return createService({
    name: 'settings of destinations',
    start: async () => void (running = apply()),
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  });
}
