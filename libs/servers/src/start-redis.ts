import { Redis } from 'ioredis';
import { join } from 'node:path';
import { debianRedis } from './debian-redis';
import { firstWayThatWorks, inOrder } from './first-way-that-works';
import { isUrlOf, reasonOf } from './given-url';
import { runRedis } from './run-redis';
import { foldersWith, realPath } from './search-path';
import type { Server, ServerOptions, Way } from './server';
import { startContainer } from './start-container';
import { waitUntil } from './wait-until';

export type RedisServer = Server;

/**
 * Starts a private Redis or Valkey, or returns the one of `REDIS_URL`; see {@link ServerOptions}.
 *
 * @throws NoServerError with one line for people
 */
export function startRedis(options: ServerOptions): Promise<RedisServer> {
  const { environment, containers = 'last', report = () => undefined } = options;
  const ways: Way[] = [
    { source: 'environment', start: () => fromEnvironment(environment.REDIS_URL) },
    { source: 'path', start: () => fromPath(options) },
    { source: 'embedded', start: async () => runRedis(await debianRedis(environment, report), 'embedded', options) },
    { source: 'containers', start: () => fromContainer(options) },
  ];
  const advice = 'Install Redis 6.2 or newer or Valkey (Debian: apt-get install redis-server), start Docker, or set REDIS_URL.';
  return firstWayThatWorks({ product: 'Redis', advice }, inOrder(ways, containers), report);
}

async function fromEnvironment(url: string | undefined): Promise<Server | undefined> {
  if (!url) return undefined;
  const advice = 'Correct REDIS_URL, or unset it to start a private Redis.';
  // ioredis would read any other text as a host or a socket of this machine.
  if (!isUrlOf(url, ['redis:', 'rediss:'])) throw new Error(`REDIS_URL is not a redis:// URL. ${advice}`);
  await ping(url).catch((error: unknown) => {
    throw new Error(`The Redis of REDIS_URL cannot be used: ${reasonOf(error)}. ${advice}`);
  });
  return { url, source: 'environment', description: 'Redis from REDIS_URL', stop: () => Promise.resolve() };
}

function fromPath(options: ServerOptions): Promise<Server> {
  for (const program of ['redis-server', 'valkey-server']) {
    const [folder] = foldersWith([program], options.environment);
    if (folder) return runRedis({ program: realProgram(folder, program), libraries: [] }, 'path', options);
  }
  return Promise.reject(new Error('no redis-server on the PATH'));
}

// Debian's redis-server is a link to a program that behaves by its name, so the link itself must be called.
function realProgram(folder: string, program: string): string {
  const real = realPath(folder, program);
  return real.endsWith(program) ? real : join(folder, program);
}

async function fromContainer({ dataFolder, redisKind = 'standalone' }: ServerOptions): Promise<Server> {
  if (dataFolder !== undefined) throw new Error('a container loses its data when it stops, so it cannot use a data folder');
  const container = await startContainer({
    image: 'redis:8-alpine',
    port: 6379,
    command: containerCommands[redisKind],
  });
  const url = `redis://${container.address}`;
  try {
    await waitUntil(() => ping(url), { timeoutMs: 30_000 });
  } catch (error) {
    await container.stop();
    throw error;
  }
  return { url, source: 'containers', description: 'Redis 8 in a container', stop: container.stop };
}

const standalone = ['--maxmemory-policy', 'noeviction', '--save', ''];
const containerCommands = {
  standalone,
  cluster: [...standalone, '--cluster-enabled', 'yes'],
  sentinel: ['sh', '-c', 'touch /tmp/sentinel.conf && exec redis-sentinel /tmp/sentinel.conf --port 6379'],
};

async function ping(url: string): Promise<void> {
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, connectTimeout: 5_000, maxRetriesPerRequest: 0 });
  let reason: Error | undefined;
  redis.on('error', (error: Error) => (reason = error));
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    throw reason ?? error;
  } finally {
    redis.disconnect();
  }
}
