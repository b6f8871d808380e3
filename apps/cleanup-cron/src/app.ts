import { cleanupSchedules, cleanupTasks, queueNames, type CleanupTaskName } from '@orderly/contracts';
import { type CleanupRuns, createClaimLedger, createCleanupRuns } from '@orderly/ledger';
import { bindJob, createSchedules, type BoundJob } from '@orderly/queue';
import { createWorkerProcess, type WorkerParts, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import type { CleanupCronConfig } from './config';
import { createCleanupHandler } from './handlers/cleanup-handler';
import { createTasks } from './handlers/tasks';
import { createWatchdog, type WatchdogTiming } from './watchdog';

export interface CleanupCronDeps extends WorkerProcessDeps {
  /** When each task is due. @defaultValue the contract's */
  readonly schedules?: Readonly<Record<CleanupTaskName, string>>;
  readonly watchdog?: WatchdogTiming;
}

/** BullMQ's job schedulers add to it; a tick is no job, so it has no place among those of the ledger. */
const tickQueue = 'maintenance-ticks';

/** The worker that runs every cleanup task when it is due. */
export function buildApp(
  config: CleanupCronConfig,
  { schedules = cleanupSchedules, watchdog: timing, ...deps }: CleanupCronDeps,
): WorkerProcess {
  return createWorkerProcess('cleanup-cron', config, deps, (parts) => {
    const { db, ledgerOptions, relay, logger } = parts;
    const runs = createCleanupRuns(db);
    const ticks = createSchedules({
      redisUrl: config.redis.url,
      prefix: config.queue.prefix,
      queue: tickQueue,
      schedules: Object.entries(schedules).map(([name, cron]) => ({ name, cron })),
      onTick: async ({ name, scheduledFor }) => {
        const planned = isTask(name) ? await runs.plan(name, scheduledFor) : undefined;
        if (planned) relay([planned.job]);
      },
      onError: (error) => logger.debug({ err: error }, 'Ticks: what is missed is caught up with'),
    });
    const applySchedules = (): void => void ticks.apply();
    const watchdog = createWatchdog({ ...timing, schedules, runs, relay, logger, onMissed: applySchedules });
    return {
      queues: [
        {
          queue: queueNames.maintenance,
          concurrency: config.maintenance.concurrency,
          ledger: createClaimLedger(ledgerOptions, {
            queue: queueNames.maintenance,
            destination: null,
            sendsNewest: false,
            sendsMessages: false,
          }),
          jobs: bindTasks(config, runs, parts),
        },
      ],
      services: [ticks, watchdog],
      onGeneration: applySchedules,
    };
  });
}

function bindTasks(
  { database, retention }: CleanupCronConfig,
  runs: CleanupRuns,
  { db, pingRedis, logger }: WorkerParts,
): Readonly<Record<CleanupTaskName, BoundJob>> {
  const tasks = createTasks(retention);
  const probes = { postgresql: () => db.query('select 1'), redis: pingRedis };
  const deps = { runs, logger, probes, databaseUrl: database.url };
  const bind = (name: CleanupTaskName): BoundJob => bindJob(cleanupTasks[name], createCleanupHandler(tasks[name], deps));
  return {
    'expire-tokens': bind('expire-tokens'),
    'expire-history': bind('expire-history'),
    'rotate-logs': bind('rotate-logs'),
  };
}

const isTask = (name: string): name is CleanupTaskName => Object.hasOwn(cleanupTasks, name);
