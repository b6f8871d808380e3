import { createSparseLog, metrics, type FaultLog } from '@orderly/observability';
import { createService, settlesWithin, type Service } from '@orderly/runtime';
import { Worker, type Job } from 'bullmq';
import { dispose } from './dispose';
import type { BullEngine } from './engine';
import { explainRefusal } from './redis-check';
import { connectForWorker, trackDuplicates } from './redis-connection';
import { applyJob, type AppliedJob } from './apply-job';
import { runJob, type Disposal, type JobRunner } from './run-job';

export interface QueueWorkerOptions extends JobRunner {
  readonly engine: BullEngine;
  readonly redisUrl: string;
  /** Told whether the worker's own connection works. */
  readonly redisFaults: FaultLog;
  readonly prefix: string;
  /** The queue's jobs have their effect in PostgreSQL alone: they are applied, and claimed only to settle a failure. */
  readonly applies?: AppliedJob;
  /** Jobs of the queue that this process runs at once. */
  readonly concurrency: number;
  /** Jobs that all processes together start within a window. */
  readonly rateLimit?: { readonly max: number; readonly perMs: number };
  /** How long running jobs may go on at a stop before {@link QueueWorkerOptions.onDrainTimeout} is called, in ms. */
  readonly drainMs: number;
  /** Hands back what still runs. */
  readonly onDrainTimeout: () => void;
  /** After this long a stop no longer waits for Redis to be told, in ms: BullMQ itself would wait for ever. */
  readonly closeMs: number;
}

export interface QueueWorker extends Service {
  /** False when the loop that fetches has ended although nobody stopped it: only a restart helps. */
  isFetching(): boolean;
}

/** Redelivery of what a dead process held takes a lock's time and one check, in ms. */
const lockDurationMs = 8000;
const stalledCheckMs = 3000;

/** No queue of ours starts that many jobs in a second: a limiter that never limits, but lets the queue be held. */
const unlimited = { max: 1_000_000, duration: 1000 };

/** A hold may be lifted before its time, so BullMQ is kept from fetching for no longer than this at once, in ms. */
const longestHoldMs = 5000;

/** How soon a delivery is tried again that met a process which may not act now, in ms. */
const restMs = 500;

/** How soon a delivery is tried again whose end could not even be written down, in ms. */
const afterFaultMs = 1000;

/** A connection that breaks is told by itself; BullMQ tells it again for each of its own connections. */
const isConnectionFault = (error: Error): boolean =>
  'errno' in error || /^(Connection is closed|Command aborted)/.test(error.message);

/** The ledger's ids, as PostgreSQL writes them: any other form would be asked for in vain, again and again. */
const isJobId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);

/** Fetches the ids of one queue from BullMQ and runs their jobs. Its stop resolves when no job of it runs any more. */
export function createQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { queue, engine, redisUrl, redisFaults, prefix, concurrency, rateLimit, logger } = options;
  const part = `worker ${queue}`;
  let disconnect = (): void => undefined;
  let worker: Worker | undefined;
  let isStopping = false;

  const hold = (forMs: number): Promise<void> => engine.hold(queue, Math.min(forMs, longestHoldMs));
  const onLost = (error: unknown): void =>
    logger.debug({ err: error }, 'BullMQ had forgotten the job; the sweep takes care of it');
  const logStray = createSparseLog<string>((id, deliveries) =>
    logger.warn({ queue, id, deliveries }, 'Dropped: Redis held an id that no job can have'),
  );

  const { applies } = options;
  const run = (id: string): Promise<Disposal> => (applies ? applyJob(id, applies, options) : runJob(id, options));
  const logFault = createSparseLog<Error>(
    (error, faults) =>
      logger.warn({ err: error, queue, faults }, 'BullMQ reports a fault; the jobs concerned are delivered again'),
    { intervalMs: 60_000 },
  );

  const process = async (job: Job, token?: string): Promise<void> => {
    const { id = '' } = job;
    if (!isJobId(id)) {
      metrics.jobsDropped.add({ queue, reason: 'invalid-id' });
      return logStray(id);
    }
    const hasToRest = options.stop.aborted || options.heartbeat.signal().aborted;
    if (hasToRest) return dispose(job, token, { kind: 'later', delayMs: restMs }, hold, onLost);
    const disposal = await run(id).catch((error: unknown): Disposal => {
      logger.error({ err: error, jobId: id }, 'A delivery could not be ended');
      return { kind: 'later', delayMs: afterFaultMs };
    });
    await dispose(job, token, disposal, hold, onLost);
  };

  const service = createService({
    name: `worker ${queue}`,
    async start() {
      const connection = connectForWorker(redisUrl);
      disconnect = trackDuplicates(connection);
      connection.on('error', (error) => {
        if (!isStopping) redisFaults.failed(part, explainRefusal(error));
      });
      connection.on('ready', () => redisFaults.works(part));
      worker = new Worker(queue, process, {
        connection,
        prefix,
        concurrency,
        limiter: rateLimit ? { max: rateLimit.max, duration: rateLimit.perMs } : unlimited,
        lockDuration: lockDurationMs,
        stalledInterval: stalledCheckMs,
        // The ledger counts crashes; BullMQ only has to deliver again.
        maxStalledCount: 1_000_000,
        // A finished id that stays would swallow a later add of the same id.
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        runRetryDelay: 1000,
        // A worker that waits for a hold to end must notice a stop meanwhile.
        maximumRateLimitDelay: 1000,
      });
      worker.on('error', (error) => {
        if (!isStopping && !isConnectionFault(error)) logFault(error);
      });
      await worker.waitUntilReady();
    },
    async stop() {
      isStopping = true;
      const drain = setTimeout(options.onDrainTimeout, options.drainMs);
      try {
        const isClosed = worker === undefined || (await settlesWithin(worker.close(), options.closeMs));
        if (!isClosed) logger.warn({ queue }, 'Redis could not be told that this worker stops; it finds out by itself');
      } finally {
        clearTimeout(drain);
        disconnect();
      }
    },
  });
  return { ...service, isFetching: () => isStopping || worker === undefined || worker.isRunning() };
}
