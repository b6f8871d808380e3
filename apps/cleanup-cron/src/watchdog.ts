import type { CleanupTaskName } from '@orderly/contracts';
import type { CleanupRuns } from '@orderly/ledger';
import type { RunnableJob } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';
import { latestDue } from './latest-due';

/** The times of the watchdog. */
export interface WatchdogTiming {
  /** The time between two looks, in ms. @defaultValue 60,000 */
  readonly intervalMs?: number;
  /** How late a tick may be before its run counts as missed, in ms. @defaultValue 120,000 */
  readonly graceMs?: number;
  /** The clock, in ms since 1970. */
  readonly now?: () => number;
}

export interface WatchdogOptions extends WatchdogTiming {
  /** Cron patterns in UTC. */
  readonly schedules: Readonly<Record<CleanupTaskName, string>>;
  readonly runs: Pick<CleanupRuns, 'planMissed' | 'closeAbandoned'>;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  /** Called when a tick did not come, so that the schedules in Redis can be restored. */
  readonly onMissed: () => void;
  readonly logger: Logger;
}

/**
 * Looks for runs whose tick never came. It has its own timer, because ticks are in Redis and may be lost with it. A missed task
 * runs once, even after many missed periods.
 */
export function createWatchdog({ intervalMs = 60_000, ...options }: WatchdogOptions): Service {
  const { logger } = options;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const tick = (): void => {
    looking ??= look(options)
      .catch((error: unknown) => logger.debug({ err: error }, 'The watchdog cannot read the ledger; it will look again'))
      .finally(() => (looking = undefined));
  };
  return createService({
    name: 'watchdog',
    async start() {
      timer = setInterval(tick, intervalMs);
      tick();
    },
    async stop() {
      clearInterval(timer);
      await looking;
    },
  });
}

async function look({
  schedules,
  runs,
  relay,
  onMissed,
  logger,
  graceMs = 120_000,
  now = Date.now,
}: WatchdogOptions): Promise<void> {
  const nowMs = now();
  let isMissed = false;
  for (const [task, cron] of Object.entries(schedules) as [CleanupTaskName, string][]) {
    const dueAt = latestDue(cron, new Date(nowMs));
    if (nowMs - dueAt.getTime() <= graceMs) continue;
    // The ledger refuses a second run for the same time, so a late tick or another process does no harm.
    const planned = await runs.planMissed(task, dueAt);
    if (planned === undefined) continue;
    relay([planned.job]);
    if (planned.isFirst) {
      logger.info({ task }, 'A cleanup task has never run; it will run now');
    } else {
      isMissed = true;
      logger.warn({ task, scheduledFor: dueAt }, 'A scheduled cleanup task was missed; it will run now');
    }
  }
  if (isMissed) onMissed();
  const abandoned = await runs.closeAbandoned();
  if (abandoned > 0) logger.warn({ runs: abandoned }, 'Cleanup runs ended without a report and were marked as failed');
}
