import type { Engine, RunnableJob } from '@orderly/jobs';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { createJobPresence } from './job-presence';
import { connectForCalls, whenReady } from './redis-connection';
import { explainRefusal, inspectRedis } from './redis-check';

/** Options of {@link createEngine}. */
export interface EngineOptions {
  readonly redisUrl: string;
  /** BullMQ's key prefix; the same for every service. */
  readonly prefix: string;
  /** Connects on the first call of {@link BullEngine.ready}, since a process may end before. @defaultValue false: at once */
  readonly connectsWhenAsked?: boolean;
  /** Told about each error of the connection. The engine keeps trying to reconnect. */
  readonly onError?: (error: Error) => void;
}

/** Drives BullMQ, which holds only ids, names and priorities. The ledger can supply them again, so Redis is disposable. */
export interface BullEngine extends Engine {
  readonly redis: Redis;
  /** Counts a queue's jobs by BullMQ's states `prioritized`, `wait` (usually 0: all jobs have a priority), `delayed`, `active`. */
  counts(queue: string): Promise<Readonly<Record<string, number>>>;
  /** Removes active jobs that BullMQ cannot read, and returns their number. The sweep adds them again from the ledger. */
  removeDamaged(queue: string): Promise<number>;
  /**
   * Removes a pause or limits of a queue that were set in Redis, and returns whether there were any. Orderly never sets them
   * there, so a tool or a person did. Pauses belong in the ledger; without a row there, nobody could see why nothing runs.
   *
   * @param windowMs - the window of the queue's rate limit, which BullMQ may keep for as long @defaultValue 0
   */
  liftForeignHolds(queue: string, windowMs?: number): Promise<boolean>;
  /** Keeps all workers of a queue from fetching for `forMs`. Has no effect on workers without a limiter. */
  hold(queue: string, forMs: number): Promise<void>;
  /** Lets the workers of a queue fetch before a hold has ended. A claim turns away jobs that must still wait. */
  release(queue: string): Promise<void>;
  /**
   * Waits until Redis can be used, for at most 10 s.
   *
   * @param signal - ends the wait early
   * @throws ConfigurationError if the server is unsuitable or refuses access; otherwise the last error of the connection
   */
  ready(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** Creates the engine. While Redis is away, every call fails at once instead of waiting; the sweep adds the jobs later. */
export function createEngine({ redisUrl, prefix, connectsWhenAsked, onError = () => undefined }: EngineOptions): BullEngine {
  const redis = connectForCalls(redisUrl, connectsWhenAsked);
  redis.on('error', (error) => onError(explainRefusal(error)));
  const queues = new Map<string, Queue>();
  const presence = createJobPresence(redis, prefix);

  return {
    redis,
    async add(jobs) {
      const byQueue = Map.groupBy(jobs, ({ queue }) => queue);
      const chunks = [...byQueue].flatMap(([queue, ofQueue]) => chunksOf(ofQueue).map((chunk) => ({ queue, chunk })));
      await Promise.all(chunks.map(async ({ queue, chunk }) => queueOf(queue).addBulk(chunk.map(bulkJob))));
    },
    async absent(jobs) {
      const byQueue = Map.groupBy(jobs, ({ queue }) => queue);
      const absent = await Promise.all([...byQueue].map(([queue, ofQueue]) => presence.absent(queue, ofQueue)));
      return absent.flat();
    },
    removeDamaged: presence.removeDamaged,
    async liftForeignHolds(queue, windowMs = 0) {
      const heldMs = await redis.pttl(`${prefix}:${queue}:limiter`);
      const isHeld = heldMs > Math.max(longestHoldMs, windowMs);
      if (isHeld) await queueOf(queue).removeRateLimitKey();
      const limits = await redis.hdel(`${prefix}:${queue}:meta`, 'concurrency', 'max', 'duration');
      const isPaused = await queueOf(queue).isPaused();
      if (isPaused) await queueOf(queue).resume();
      return isPaused || isHeld || limits > 0;
    },
    counts: async (queue) => queueOf(queue).getJobCounts('prioritized', 'wait', 'delayed', 'active'),
    hold: async (queue, forMs) => queueOf(queue).rateLimit(Math.max(Math.ceil(forMs), 1)),
    async release(queue) {
      await queueOf(queue).removeRateLimitKey();
    },
    async ready(signal) {
      await whenReady(redis, { signal });
      await inspectRedis(redis);
    },
    async close() {
      await Promise.allSettled([...queues.values()].map((queue) => queue.close()));
      redis.disconnect();
    },
  };

  function queueOf(name: string): Queue {
    // A new BullMQ queue waits for its connection, and the caller would wait with it.
    if (redis.status !== 'ready') throw new Error('Redis is away');
    const existing = queues.get(name);
    if (existing) return existing;
    const queue = new Queue(name, {
      connection: redis,
      prefix,
      skipVersionCheck: true,
      streams: { events: { maxLen: maxEvents } },
    });
    queue.on('error', onError);
    queues.set(name, queue);
    // If the connection breaks while BullMQ checks the server, this queue fails for ever: the next call makes another.
    queue.waitUntilReady().catch(() => queues.delete(name));
    return queue;
  }
}

/** Nobody reads BullMQ's event stream; by default it would grow to 10,000 entries per queue. */
const maxEvents = 10;

/** Longest hold that BullMQ is given at once, in ms. The ledger may lift a hold early, and BullMQ would not notice. */
export const longestHoldMs = 5000;

/** Jobs that are sent to Redis together: it works on them while BullMQ packs the next ones, which takes as long. */
const chunkSize = 100;

const chunksOf = (jobs: readonly RunnableJob[]): (readonly RunnableJob[])[] =>
  Array.from({ length: Math.ceil(jobs.length / chunkSize) }, (_, index) =>
    jobs.slice(index * chunkSize, (index + 1) * chunkSize),
  );

/** With one attempt BullMQ never retries a job by itself: the ledger decides about retries. */
const bulkJob = ({ id, name, priority, delayMs }: RunnableJob): { name: string; data: object; opts: JobsOptions } => ({
  name,
  data: {},
  opts: { jobId: id, priority, attempts: 1, ...(delayMs ? { delay: Math.ceil(delayMs) } : {}) },
});
