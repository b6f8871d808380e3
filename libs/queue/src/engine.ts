import type { Engine, RunnableJob } from '@orderly/jobs';
import { Queue, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { createJobPresence } from './job-presence';
import { connectForCalls, whenReady } from './redis-connection';
import { explainRefusal, inspectRedis } from './redis-check';

export interface EngineOptions {
  readonly redisUrl: string;
  /** BullMQ's key prefix; the same for every service. */
  readonly prefix: string;
  /** Connects when it is asked whether it is {@link BullEngine.ready}, not at once: for a process that may end before. */
  readonly connectsWhenAsked?: boolean;
  /** An error of the connection, which is tried again for ever. */
  readonly onError?: (error: Error) => void;
}

/** BullMQ as the engine: it holds ids, names and priorities, and nothing that the ledger could not give it again. */
export interface BullEngine extends Engine {
  readonly redis: Redis;
  /** Of one queue, by BullMQ's states: `prioritized`, `wait` (of which the design has none), `delayed`, `active`. */
  counts(queue: string): Promise<Readonly<Record<string, number>>>;
  /** Removes the active jobs of a queue that BullMQ cannot read, and returns how many. The sweep adds what the ledger has. */
  removeDamaged(queue: string): Promise<number>;
  /**
   * Ends a pause and limits of a queue that BullMQ keeps in Redis, and returns whether there were any. Orderly sets none: a tool
   * or a person did, and the ledger, where pauses belong, would not show why nothing runs.
   */
  liftForeignHolds(queue: string): Promise<boolean>;
  /** Keeps a queue's workers from fetching for so long. Does nothing unless they have a limiter. */
  hold(queue: string, forMs: number): Promise<void>;
  /** Lets a queue's workers fetch again before a hold has ended. Whatever still has to wait is held again by its claim. */
  release(queue: string): Promise<void>;
  /**
   * Resolves when the engine can be used; waits 10 s for that, at most.
   *
   * @param signal ends the wait
   * @throws ConfigurationError if the server is not suitable or refuses us
   */
  ready(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** While Redis is away every call fails at once, also the first of a queue; the sweep makes up for it. */
export function createEngine({ redisUrl, prefix, connectsWhenAsked, onError = () => undefined }: EngineOptions): BullEngine {
  const redis = connectForCalls(redisUrl, connectsWhenAsked);
  redis.on('error', (error) => onError(explainRefusal(error)));
  const queues = new Map<string, Queue>();
  const presence = createJobPresence(redis, prefix);

  return {
    redis,
    async add(jobs) {
      const byQueue = Map.groupBy(jobs, ({ queue }) => queue);
      await Promise.all([...byQueue].map(async ([queue, ofQueue]) => queueOf(queue).addBulk(ofQueue.map(bulkJob))));
    },
    async absent(jobs) {
      const byQueue = Map.groupBy(jobs, ({ queue }) => queue);
      const absent = await Promise.all([...byQueue].map(([queue, ofQueue]) => presence.absent(queue, ofQueue)));
      return absent.flat();
    },
    removeDamaged: presence.removeDamaged,
    async liftForeignHolds(queue) {
      const limits = await redis.hdel(`${prefix}:${queue}:meta`, 'concurrency', 'max', 'duration');
      const isPaused = await queueOf(queue).isPaused();
      if (isPaused) await queueOf(queue).resume();
      return isPaused || limits > 0;
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
    // BullMQ would wait for the connection, and with it whoever hands jobs over.
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
    // One whose connection broke while BullMQ looked at the server would fail for ever.
    queue.waitUntilReady().catch(() => queues.delete(name));
    return queue;
  }
}

/** Nobody reads BullMQ's event stream; by default it would grow to 10,000 entries per queue. */
const maxEvents = 10;

/** A job that BullMQ may never retry, fail or keep by itself: all that is decided by the ledger. */
const bulkJob = ({ id, name, priority, delayMs }: RunnableJob): { name: string; data: object; opts: JobsOptions } => ({
  name,
  data: {},
  opts: { jobId: id, priority, attempts: 1, ...(delayMs ? { delay: Math.ceil(delayMs) } : {}) },
});
