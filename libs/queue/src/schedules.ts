import { setTimeout } from 'node:timers/promises';
import { createService, type Service } from '@orderly/runtime';
import { Queue, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectForWorker } from './redis-connection';

/** Something that is due repeatedly. */
export interface Schedule {
  /** Unique among the schedules of a queue. */
  readonly name: string;
  /** A cron pattern in UTC: five fields, or six where the first is seconds. */
  readonly cron: string;
}

/** Says that a schedule is due. A tick is not a job: it may come twice or never, so the ledger must decide what to do. */
export interface Tick {
  /** The name of the schedule. */
  readonly name: string;
  /** The exact time at which it was due. It is the same in every process, even if the tick arrives late. */
  readonly scheduledFor: Date;
}

/** Options of {@link createSchedules}. */
export interface SchedulesOptions {
  readonly redisUrl: string;
  /** BullMQ's key prefix; the same for every service. */
  readonly prefix: string;
  /** The queue of the ticks. It must hold nothing else, because the worker treats every job in it as a tick. */
  readonly queue: string;
  readonly schedules: readonly Schedule[];
  /** Handles a tick. A tick that fails is not repeated; a caller that needs every tick must watch for missed ones. */
  readonly onTick: (tick: Tick) => Promise<void>;
  /** Told when Redis is away, or when a tick failed. */
  readonly onError: (error: unknown) => void;
}

export interface Schedules extends Service {
  /** Stores the schedules in Redis and removes all others. Tries until it succeeds or the service stops. Never rejects. */
  apply(): Promise<void>;
}

/** Runs BullMQ's job schedulers. They are stored in Redis, so they are applied again at every start and after every loss. */
export function createSchedules({ redisUrl, prefix, queue: name, schedules, onTick, onError }: SchedulesOptions): Schedules {
  let connection: Redis | undefined;
  let queue: Queue | undefined;
  let worker: Worker | undefined;
  let isStopping = false;
  const report = (error: unknown): void => {
    if (!isStopping) onError(error);
  };

  const apply = async (): Promise<void> => {
    // A worker that handles a tick at the same moment can make a schedule fail, so this repeats until all are stored.
    while (queue !== undefined && !isStopping) {
      const fault: unknown = await applyTo(queue, schedules).then(
        () => undefined,
        (error: unknown) => error ?? new Error('unknown'),
      );
      if (fault === undefined) return;
      report(fault);
      await setTimeout(retryMs, undefined, { ref: false });
    }
  };

  const service = createService({
    name: 'schedules',
    async start() {
      connection = connectForWorker(redisUrl);
      connection.on('error', report);
      queue = new Queue(name, { connection, prefix, skipVersionCheck: true, skipMetasUpdate: true });
      queue.on('error', report);
      worker = new Worker(name, (job) => onTick(tickOf(job)), {
        connection,
        prefix,
        concurrency: 1,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
      });
      worker.on('error', report);
      worker.on('failed', (_job, error) => report(error));
      // Not awaited: it waits while Redis is away, and the process must be able to stop meanwhile.
      void apply();
    },
    async stop() {
      isStopping = true;
      const isConnected = connection?.status === 'ready';
      // Without a connection, a worker that is not forced would wait for one before it closes.
      await worker?.close(!isConnected);
      await queue?.close();
      connection?.disconnect();
    },
  });
  return { ...service, apply };
}

/** Pause before schedules that could not be stored are applied again, in ms. */
const retryMs = 1000;

async function applyTo(queue: Queue, schedules: readonly Schedule[]): Promise<void> {
  for (const { name, cron } of schedules) {
    await queue.upsertJobScheduler(name, { pattern: cron, tz: 'UTC' }, { name, data: {}, opts: { priority: 4, attempts: 1 } });
  }
  const wanted = new Set(schedules.map(({ name }) => name));
  const stored = await queue.getJobSchedulers();
  const keys = new Set(stored.map(({ key }) => key));
  const missing = schedules.filter(({ name }) => !keys.has(name));
  if (missing.length > 0) throw new Error(`Redis did not keep the schedules ${missing.map(({ name }) => name).join(', ')}`);
  for (const { key } of stored) if (!wanted.has(key)) await queue.removeJobScheduler(key);
}

/**
 * BullMQ gives a scheduler's job the id `repeat:<schedule>:<due, in ms>`. The job's timestamp is the time of the tick before,
 * when BullMQ made the job.
 */
function tickOf({ name, id }: Job): Tick {
  const dueMs = Number(id?.split(':').at(-1));
  if (!Number.isSafeInteger(dueMs)) throw new Error(`The id of a job of the schedule ${name} contains no time: ${id}`);
  return { name, scheduledFor: new Date(dueMs) };
}
