import { startRedis, type RedisKind, type RedisServer } from '@orderly/servers';

/** Starts a Redis for one test file alone, for tests that empty it, stop it or change its settings. */
export function startPrivateRedis(redisKind?: RedisKind): Promise<RedisServer> {
  // REDIS_URL would select the shared server.
  const environment = { ...process.env, REDIS_URL: undefined };
  return startRedis({ environment, containers: 'last', isDurable: false, redisKind });
}
