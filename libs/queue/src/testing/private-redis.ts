import { startRedis, type RedisServer } from '@orderly/servers';

/**
 * A Redis of one test file alone, for what must not be done to the one that all share: emptying it, losing it, changing its
 * settings.
 */
export function startPrivateRedis(): Promise<RedisServer> {
  // With REDIS_URL it would be the shared one again.
  const environment = { ...process.env, REDIS_URL: undefined };
  return startRedis({ environment, containers: 'last', isDurable: false });
}
