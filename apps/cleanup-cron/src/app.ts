import { cleanupSchedules, cleanupTasks, queueNames, type CleanupTaskName } from '@orderly/contracts';
import { type CleanupRuns, createClaimLedger, createCleanupRuns } from '@orderly/ledger';
import { createSparseLog } from '@orderly/observability';
import { bindJob, createSchedules, type BoundJob } from '@orderly/queue';
import { createWorkerProcess, type WorkerParts, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import type { CleanupCronConfig } from './config';
import { createCleanupHandler } from './handlers/cleanup-handler';
import { createTasks } from './handlers/tasks';
import { createWatchdog, type WatchdogTiming } from './watchdog';

/** Options of the service beyond its configuration; tests replace the schedules and the clock. */
export interface CleanupCronDeps extends WorkerProcessDeps {
  /** The cron patterns of the tasks, in UTC. @defaultValue those of the contract */
  readonly schedules?: Readonly<Record<CleanupTaskName, string>>;
  readonly watchdog?: WatchdogTiming;
}

/** BullMQ's job schedulers add ticks to this queue. Ticks are not in the ledger, so they must not share a queue with its jobs. */
const tickQueue = 'maintenance-ticks';

/** Builds the worker that runs each cleanup task when it is due. */
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
      onError: createSparseLog<unknown>(
        (error, failures) => logger.warn({ err: error, failures }, 'Schedule ticks failed; the watchdog runs what was missed'),
        { intervalMs: 60_000 },
      ),
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
