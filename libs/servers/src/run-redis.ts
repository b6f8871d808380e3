import { Redis } from 'ioredis';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from './free-port';
import { run } from './run';
import type { RedisKind, Server, ServerOptions, ServerSource } from './server';
import { openServerFolder } from './server-folder';
import { spawnGuarded } from './spawn-guarded';
import { waitUntil } from './wait-until';

export type RedisProgram = {
  program: string;
  /** Folders with libraries that the program needs and the machine may lack. */
  libraries: string[];
};

/**
 * Runs a private Redis on 127.0.0.1, with a random password.
 *
 * @throws Error with one line if the program does not work here or is too old
 */
export async function runRedis(
  { program, libraries }: RedisProgram,
  source: ServerSource,
  options: ServerOptions,
): Promise<Server> {
  const environment = {
    PATH: options.environment.PATH,
    LC_ALL: 'C',
    ...(libraries.length > 0 && { LD_LIBRARY_PATH: libraries.join(':') }),
  };
  const [, name = 'Redis', version = '0'] =
    /^(Redis|Valkey) server v=(\S+)/.exec(await run(program, ['--version'], { environment })) ?? [];
  if (parseFloat(version) < 6.2) throw new Error(`${name} ${version} is too old: Redis 6.2 or newer is needed`);

  const { path: home, isTemporary, discard } = openServerFolder('redis', options.dataFolder);
  const port = await freePort();
  const password = keptPassword(home);
  const configuration = join(home, 'redis.conf');
  // The password is in a file, because other users of the machine can read command lines.
  const { isDurable = true, redisKind: kind = 'standalone' } = options;
  writeFileSync(configuration, settings({ port, password, home, isDurable, kind }), { mode: 0o600 });

  let lastLine = 'it printed nothing';
  const child = await spawnGuarded(program, [configuration, ...(kind === 'sentinel' ? ['--sentinel'] : [])], {
    environment,
    cwd: home,
    stopSignal: 'SIGTERM',
    stopTimeoutMs: 4_000,
    removeFolder: isTemporary ? home : undefined,
    onOutput: (line) => {
      if (line.trim() !== '') lastLine = line;
      options.onOutput?.(line);
    },
  });
  const stop = async (): Promise<void> => {
    await child.stop();
    discard();
  };
  const url = `redis://:${password}@127.0.0.1:${port}`;
  const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null, enableReadyCheck: true });
  redis.on('error', () => undefined); // the server may still be starting; the next try shows the error
  try {
    const gaveUp = (): string | undefined => (child.isRunning() ? undefined : `the server exited at start: ${lastLine}`);
    await waitUntil(() => redis.connect(), { timeoutMs: 30_000, gaveUp });
  } catch (error) {
    await stop();
    throw error;
  } finally {
    redis.disconnect();
  }
  return { url, source, description: `${name} ${version} from ${source === 'embedded' ? 'an unpacked package' : program}`, stop };
}

type Settings = { port: number; password: string; home: string; isDurable: boolean; kind: RedisKind };

function settings({ port, password, home, isDurable, kind }: Settings): string {
  const common = [`port ${port}`, 'bind 127.0.0.1', `requirepass ${password}`, `dir "${home}"`, 'daemonize no'];
  // A Sentinel has no data, and refuses to start with settings about it.
  const aboutData = ['maxmemory-policy noeviction', 'save ""', `appendonly ${isDurable ? 'yes' : 'no'}`];
  return [...common, ...(kind === 'sentinel' ? [] : aboutData), ...(kind === 'cluster' ? ['cluster-enabled yes'] : []), ''].join(
    '\n',
  );
}

// The password is stored, so that a later start with the same folder has the same password in its URL.
function keptPassword(home: string): string {
  const file = join(home, 'password');
  if (existsSync(file)) return readFileSync(file, 'utf8').trim();
  const password = randomBytes(18).toString('base64url');
  writeFileSync(file, password, { mode: 0o600 });
  return password;
}
