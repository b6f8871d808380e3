import { ConfigurationError } from '@orderly/errors';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/**
 * Whether Redis does its work: PING would say yes where memory is full or the server is a replica, a write does not. One that
 * may evict keys does not do it either, be it that it became so after the start.
 */
export function createRedisCheck(redis: Redis, prefix: string): () => Promise<boolean> {
  const key = `${prefix}:check:${randomUUID()}`;
  return async () => {
    try {
      await Promise.all([redis.set(key, '1', 'EX', 5), refuseEviction(redis)]);
      return true;
    } catch {
      return false;
    }
  };
}

/**
 * @throws ConfigurationError `redis-eviction-policy` if Redis may evict keys: BullMQ's jobs would vanish one by one, and the
 * sweep would have to find each of them
 */
export async function refuseEviction(redis: Redis): Promise<void> {
  // CONFIG is not to be had from managed services; INFO is.
  const policy = /maxmemory_policy:(\S+)/.exec(await redis.info('memory'))?.[1];
  if (policy !== undefined && policy !== 'noeviction') {
    throw new ConfigurationError('redis-eviction-policy', `Redis has maxmemory-policy ${policy}; set it to noeviction`);
  }
}
