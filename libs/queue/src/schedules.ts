import { createService, type Service } from '@orderly/runtime';
import { Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectForWorker } from './redis-connection';

/** A thing that is due again and again. */
export interface Schedule {
  readonly name: string;
  /** Five fields, UTC. */
  readonly cron: string;
}

/** A schedule's time has come. Not a job: it may come twice or never, so the ledger decides what it leads to. */
export interface Tick {
  readonly name: string;
  readonly scheduledFor: Date;
}

export interface SchedulesOptions {
  readonly redisUrl: string;
  readonly prefix: string;
  /** Holds nothing but ticks. */
  readonly queue: string;
  readonly schedules: readonly Schedule[];
  readonly onTick: (tick: Tick) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

export interface Schedules extends Service {
  /** Puts the schedules into Redis again, after it was emptied. */
  apply(): Promise<void>;
}

/** BullMQ's job schedulers, which live in Redis and are therefore applied from the code at every start and every loss. */
export function createSchedules({ redisUrl, prefix, queue: name, schedules, onTick, onError }: SchedulesOptions): Schedules {
  let connection: Redis | undefined;
  let queue: Queue | undefined;
  let worker: Worker | undefined;

  const apply = async (): Promise<void> => {
    for (const schedule of schedules) {
      await queue?.upsertJobScheduler(
        schedule.name,
        { pattern: schedule.cron, tz: 'UTC' },
        { name: schedule.name, data: {}, opts: { priority: 4, attempts: 1, removeOnComplete: true, removeOnFail: true } },
      );
    }
  };

  const service = createService({
    name: 'schedules',
    async start() {
      connection = connectForWorker(redisUrl);
      connection.on('error', onError);
      queue = new Queue(name, { connection, prefix });
      queue.on('error', onError);
      worker = new Worker(name, async (job) => onTick({ name: job.name, scheduledFor: new Date(job.timestamp + job.delay) }), {
        connection,
        prefix,
        concurrency: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      });
      worker.on('error', onError);
      await apply();
    },
    async stop() {
      await worker?.close();
      await queue?.close();
      connection?.disconnect();
    },
  });
  return { ...service, apply };
}
