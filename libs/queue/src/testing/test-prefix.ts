import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';

/** A part of a shared Redis that one test has to itself. */
export interface TestPrefix {
  readonly prefix: string;
  readonly redis: Redis;
  /** Keys below the prefix, without it. */
  keys(): Promise<string[]>;
  /** Removes the keys, and ends the connection. */
  release(): Promise<void>;
}

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
