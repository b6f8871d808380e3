import { testRedisUrl } from '@orderly/testing';
import { Worker, type Processor, type WorkerOptions } from 'bullmq';
import { createEngine, type BullEngine } from '../src';
import { createTestPrefix } from '../src/testing';

/** One queue below a prefix of its own, in which a test may damage any key. */
export interface RedisSpace extends Omit<ReturnType<typeof createTestPrefix>, 'release'> {
  readonly engine: BullEngine;
  /** Errors that the workers emitted. */
  readonly errors: readonly Error[];
  /** A key of the queue by its last part: a list, or the id of a job. */
  key(name: string): string;
  counts(): ReturnType<BullEngine['counts']>;
  /** Starts a worker without our code around BullMQ. Like ours, it keeps no finished jobs. */
  work(process: Processor<unknown, void>, options?: Partial<WorkerOptions>): Worker;
  close(): Promise<void>;
}

export async function openRedisSpace(queue: string): Promise<RedisSpace> {
  const { release, ...space } = createTestPrefix(testRedisUrl());
  const engine = createEngine({ redisUrl: testRedisUrl(), prefix: space.prefix });
  await engine.ready();
  const workers: Worker[] = [];
  const errors: Error[] = [];
  return {
    ...space,
    engine,
    errors,
    key: (name) => `${space.prefix}:${queue}:${name}`,
    counts: () => engine.counts(queue),
    work: (process, options) => {
      const worker = new Worker(queue, process, {
        connection: { url: testRedisUrl(), maxRetriesPerRequest: null },
        prefix: space.prefix,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        ...options,
      });
      worker.on('error', (error) => errors.push(error));
      workers.push(worker);
      return worker;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.close(true)));
      await engine.close();
      await release();
    },
  };
}

/** The counts of an empty queue. */
export const nothing = { prioritized: 0, wait: 0, delayed: 0, active: 0 };
