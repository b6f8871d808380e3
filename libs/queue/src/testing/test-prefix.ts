import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** Keys in a shared Redis that belong to one test alone. */
export interface TestPrefix {
  readonly prefix: string;
  readonly redis: Redis;
  /** The names of the test's keys, without the prefix. */
  keys(): Promise<string[]>;
  /** Removes the keys and closes the connection. */
  release(): Promise<void>;
}

/** Connects to Redis with a random key prefix. */
export function createTestPrefix(redisUrl: string): TestPrefix {
  const prefix = `test-${randomBytes(4).toString('hex')}`;
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const keys = (): Promise<string[]> => redis.keys(`${prefix}:*`);
  return {
    prefix,
    redis,
    keys: async () => (await keys()).map((key) => key.slice(prefix.length + 1)),
    release: async () => {
      if (redis.status === 'ready') {
        const left = await keys();
        if (left.length > 0) await redis.unlink(left);
      }
      redis.disconnect();
    },
  };
}
