import { createSparseLog, metrics, type FaultLog } from '@orderly/observability';
import { createService, settlesWithin, type Service } from '@orderly/runtime';
import { Worker, type Job } from 'bullmq';
import { dispose } from './dispose';
import type { Disposal } from './disposal';
import { longestHoldMs, type BullEngine } from './engine';
import { explainRefusal } from './redis-check';
import { connectForWorker, trackDuplicates } from './redis-connection';
import { applyJob, type AppliedJob } from './apply-job';
import { runJob, type JobRunner } from './run-job';

/** Options of {@link createQueueWorker}. */
export interface QueueWorkerOptions extends JobRunner {
  readonly engine: BullEngine;
  readonly redisUrl: string;
  /** Told whether the worker's own connection works. */
  readonly redisFaults: FaultLog;
  /** BullMQ's key prefix; the same for every service. */
  readonly prefix: string;
  /** For a queue whose jobs have their effect in PostgreSQL alone. Such jobs are not claimed. */
  readonly applies?: AppliedJob;
  /** Most jobs of the queue that this process runs at once. */
  readonly concurrency: number;
  /** Most jobs that all processes together start within `perMs`. @defaultValue no limit */
  readonly rateLimit?: { readonly max: number; readonly perMs: number };
  /** How long a stop waits for running jobs before it calls {@link QueueWorkerOptions.onDrainTimeout}, in ms. */
  readonly drainMs: number;
  /** Must hand back the jobs that still run; otherwise the stop waits until they end. */
  readonly onDrainTimeout: () => void;
  /** How long a stop waits until BullMQ has told Redis, in ms. BullMQ itself would wait for ever while Redis is away. */
  readonly closeMs: number;
}

export interface QueueWorker extends Service {
  /** False if the fetch loop has ended without a stop. Only a restart of the process helps then. */
  isFetching(): boolean;
}

/** BullMQ delivers the jobs of a dead process again after one lock duration and one check. In ms. */
const lockDurationMs = 8000;
const stalledCheckMs = 3000;

/** A limit that no queue reaches. BullMQ can hold a queue only if its worker has a limiter. */
const unlimited = { max: 1_000_000, duration: 1000 };

/** How soon a delivery is tried again if this process may not act now, in ms. */
const restMs = 500;

/** How soon a delivery is tried again if its end could not be recorded, in ms. */
const afterFaultMs = 1000;

/** BullMQ reports a broken connection once for each connection. The connection's own listener has reported it already. */
const isConnectionFault = (error: Error): boolean =>
  'errno' in error || /^(Connection is closed|Command aborted)/.test(error.message);

/** Matches job ids as PostgreSQL writes them. Any other id would be looked up in vain on every delivery. */
const isJobId = (id: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id);

/** Fetches the ids of one queue from BullMQ and runs their jobs. Its stop resolves when none of its jobs runs any more. */
export function createQueueWorker(options: QueueWorkerOptions): QueueWorker {
  const { queue, engine, redisUrl, redisFaults, prefix, concurrency, rateLimit, logger } = options;
  const part = `worker ${queue}`;
  let disconnect = (): void => undefined;
  let worker: Worker | undefined;
  let isStopping = false;

  const hold = (forMs: number): Promise<void> => engine.hold(queue, Math.min(forMs, longestHoldMs));
  const onLost = (error: unknown): void =>
    logger.debug({ err: error }, 'BullMQ has lost the job; the sweep adds it again when it is due');
  const logStray = createSparseLog<string>((id, deliveries) =>
    logger.warn({ queue, id, deliveries }, 'Dropped a delivery whose id is not a job id'),
  );

  const { applies } = options;
  // Without their disposal, which waits for Redis.
  const running = new Set<Promise<unknown>>();
  const run = async (id: string): Promise<Disposal> => {
    const work = applies ? applyJob(id, applies, options) : runJob(id, options);
    running.add(work);
    return work.finally(() => running.delete(work));
  };
  const logFault = createSparseLog<Error>(
    (error, faults) =>
      logger.warn({ err: error, queue, faults }, 'BullMQ reported a fault; the affected jobs will be delivered again'),
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
      logger.error({ err: error, jobId: id }, 'The end of a delivery could not be recorded; it will be delivered again');
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
        // BullMQ ignores an added id that it still keeps as finished.
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        runRetryDelay: 1000,
        // In ms. A worker that waits for the end of a hold notices a stop only after this time.
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
        if (!isClosed) logger.warn({ queue }, 'Redis was not told that this worker stops; its locks will expire');
        // If Redis goes away meanwhile, BullMQ's close ends without waiting for its jobs.
        await Promise.allSettled(running);
      } finally {
        clearTimeout(drain);
        disconnect();
      }
    },
  });
  return { ...service, isFetching: () => isStopping || worker === undefined || worker.isRunning() };
}
