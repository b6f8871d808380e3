import { setTimeout } from 'node:timers/promises';
import { createService, type Service } from '@orderly/runtime';
import { Queue, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import { connectForWorker } from './redis-connection';

/** A thing that is due again and again. */
export interface Schedule {
  readonly name: string;
  /** A cron pattern in UTC: five fields, or six where the first is seconds. */
  readonly cron: string;
}

/** A schedule's time has come. Not a job: it may come twice or never, so the ledger decides what it leads to. */
export interface Tick {
  /** The schedule's. */
  readonly name: string;
  /** When it was due, exactly: the same in every process, however late the tick arrives. */
  readonly scheduledFor: Date;
}

export interface SchedulesOptions {
  readonly redisUrl: string;
  /** BullMQ's key prefix; the same for every service. */
  readonly prefix: string;
  /** Holds nothing but ticks. */
  readonly queue: string;
  readonly schedules: readonly Schedule[];
  /** A tick whose handling fails is not repeated: whoever needs every tick watches for missed ones. */
  readonly onTick: (tick: Tick) => Promise<void>;
  /** Redis is away, or a tick's handling failed. */
  readonly onError: (error: unknown) => void;
}

export interface Schedules extends Service {
  /** Puts the schedules into Redis, as after it was emptied, and removes those that are no longer wanted. Never fails. */
  apply(): Promise<void>;
}

/** BullMQ's job schedulers, which live in Redis and are therefore applied from the code at every start and every loss. */
export function createSchedules({ redisUrl, prefix, queue: name, schedules, onTick, onError }: SchedulesOptions): Schedules {
  let connection: Redis | undefined;
  let queue: Queue | undefined;
  let worker: Worker | undefined;
  let isStopping = false;
  const report = (error: unknown): void => {
    if (!isStopping) onError(error);
  };

  const apply = async (): Promise<void> => {
    // A worker that handles a tick at the same moment can make one schedule fail, so it is tried until all are stored.
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
      // Not awaited: while Redis is away this waits for it, and the process must be able to stop meanwhile.
      void apply();
    },
    async stop() {
      isStopping = true;
      const isConnected = connection?.status === 'ready';
      // A worker without a connection would wait for one before it closes.
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

/** A scheduler's job is called `repeat:<schedule>:<due, in ms>`; its timestamp is that of the tick before, when it was made. */
function tickOf({ name, id }: Job): Tick {
  const dueMs = Number(id?.split(':').at(-1));
  if (!Number.isSafeInteger(dueMs)) throw new Error(`A job of the schedule ${name} has an id without a time: ${id}`);
  return { name, scheduledFor: new Date(dueMs) };
}
