import { startRedis, type RedisKind, type RedisServer } from '@orderly/servers';

/**
 * A Redis of one test file alone, for tests that empty it, lose it or change its settings.
 */
export function startPrivateRedis(redisKind?: RedisKind): Promise<RedisServer> {
  // With REDIS_URL it would be the shared one again.
  const environment = { ...process.env, REDIS_URL: undefined };
  return startRedis({ environment, containers: 'last', isDurable: false, redisKind });
}
