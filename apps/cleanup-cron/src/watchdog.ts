import type { CleanupTaskName } from '@orderly/contracts';
import type { CleanupRuns } from '@orderly/ledger';
import type { RunnableJob } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';
import { latestDue } from './latest-due';

export interface WatchdogTiming {
  /** Between two looks, in ms. @defaultValue 60,000 */
  readonly intervalMs?: number;
  /** How late a run may be before it counts as missed, in ms. @defaultValue 120,000 */
  readonly graceMs?: number;
  readonly now?: () => number;
}

export interface WatchdogOptions extends WatchdogTiming {
  /** Cron patterns in UTC. */
  readonly schedules: Readonly<Record<CleanupTaskName, string>>;
  readonly runs: Pick<CleanupRuns, 'plan' | 'closeAbandoned'>;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  /** A tick did not come: whoever makes them should look to its schedules. */
  readonly onMissed: () => void;
  readonly logger: Logger;
}

/**
 * Watches for ticks that never came, with a timer of its own: the ticks live in Redis, and may be lost with it. What was missed
 * is run once, however many periods went by.
 */
export function createWatchdog({ intervalMs = 60_000, ...options }: WatchdogOptions): Service {
  const { logger } = options;
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  const tick = (): void => {
    looking ??= look(options)
      .catch((error: unknown) => logger.debug({ err: error }, 'The watchdog goes on when PostgreSQL is back'))
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
    const planned = await runs.plan(task, dueAt);
    if (planned === undefined) continue;
    relay([planned.job]);
    if (planned.isFirst) {
      logger.info({ task }, 'A cleanup task has never run: it runs now');
    } else {
      isMissed = true;
      logger.warn({ task, scheduledFor: dueAt }, 'A cleanup task was missed: it runs now');
    }
  }
  if (isMissed) onMissed();
  const abandoned = await runs.closeAbandoned();
  if (abandoned > 0) logger.warn({ runs: abandoned }, 'Runs of cleanup tasks ended without a report');
}
