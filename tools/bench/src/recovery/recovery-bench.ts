import { createDatabase } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import { startPostgres, startRedis } from '@orderly/servers';
import { Command } from 'commander';
import { remark, wholeNumber, type BenchContext } from '../bench-context';
import { measureRecovery } from './measure-recovery';

interface RecoveryOptions {
  readonly jobs: number;
  readonly queues: number;
  readonly runs: number;
}

const explanation = `
One process sweeps all queues, as order-sync-worker does with its destinations. No worker takes a job, so BullMQ's count of
waiting jobs shows when the last one is back. Redis writes its append-only file.

  emptied   Redis holds all jobs and is emptied with FLUSHALL.
  cut off   Redis cannot be reached for some seconds. All jobs become runnable during this time. Redis returns with its data.

"detection" is the time from the event until the first jobs are added. The other stages overlap, so their times may add up to
more than the whole. Processor times are those of this process and of Redis.`;

/** `npm run bench -- recovery`: empties Redis or cuts it off, and measures the time until BullMQ holds every runnable job again. */
export const recoveryBench = (context: BenchContext): Command =>
  new Command('recovery')
    .description('empties Redis, then cuts it off, and measures the time until all waiting jobs are runnable again')
    .option('--jobs <number>', 'jobs that wait', wholeNumber(100, 5_000_000), 100_000)
    .option('--queues <number>', 'queues that share the jobs', wholeNumber(1, 20), 4)
    .option('--runs <number>', 'times that each kind of loss is measured', wholeNumber(1, 20), 3)
    .addHelpText('after', explanation)
    .action(async (options: RecoveryOptions) => {
      // Never the servers of the environment: they may be in use, and this bench empties them.
      const environment = { ...context.environment, DATABASE_URL: undefined, REDIS_URL: undefined };
      const report = (line: string): void => remark(context, line);
      const postgres = await startPostgres({ environment, report });
      const redis = await startRedis({ environment, report });
      // Pool and statements are those of a worker, so that the plans are the same.
      const db = createDatabase({ url: postgres.url, poolSize: 10, applicationName: 'bench recovery', preparesStatements: true });
      try {
        await migrate(postgres.url, context.migrationsFolder);
        for (const { description } of [postgres, redis]) report(description);
        await measureRecovery({ db, redisUrl: redis.url }, options, context);
      } finally {
        await db.close();
        await Promise.all([postgres.stop(), redis.stop()]);
      }
    });
