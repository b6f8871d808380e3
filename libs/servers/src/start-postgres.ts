import { dirname } from 'node:path';
import { Client } from 'pg';
import { embeddedPostgresFolder } from './embedded-postgres';
import { firstWayThatWorks, inOrder } from './first-way-that-works';
import { isUrlOf, reasonOf } from './given-url';
import { runPostgres } from './run-postgres';
import { foldersWith, realPath } from './search-path';
import type { Server, ServerOptions, Way } from './server';
import { startContainer } from './start-container';
import { waitUntil } from './wait-until';

export type PostgresServer = Server;

/** The oldest version of PostgreSQL that can run the ledger's SQL. */
const oldestMajor = 15;

/**
 * Starts a private PostgreSQL, or returns the one of `DATABASE_URL`; see {@link ServerOptions}.
 *
 * @throws NoServerError with one line for people
 */
export function startPostgres(options: ServerOptions): Promise<PostgresServer> {
  const { environment, containers = 'last', report = () => undefined } = options;
  const ways: Way[] = [
    { source: 'environment', start: () => fromEnvironment(environment.DATABASE_URL) },
    { source: 'path', start: () => fromPath(options) },
    { source: 'embedded', start: async () => runPostgres(await embeddedPostgresFolder(), 'embedded', options, oldestMajor) },
    { source: 'containers', start: () => fromContainer(options) },
  ];
  const advice = 'Install PostgreSQL 15 or newer (Debian: apt-get install postgresql), start Docker, or set DATABASE_URL.';
  return firstWayThatWorks({ product: 'PostgreSQL', advice }, inOrder(ways, containers), report);
}

async function fromEnvironment(url: string | undefined): Promise<Server | undefined> {
  if (!url) return undefined;
  const advice = 'Correct DATABASE_URL, or unset it to start a private PostgreSQL.';
  if (!isUrlOf(url, ['postgres:', 'postgresql:'])) throw new Error(`DATABASE_URL is not a postgres:// URL. ${advice}`);
  const version = await postgresVersion(url).catch((error: unknown) => {
    throw new Error(`The PostgreSQL of DATABASE_URL cannot be used: ${reasonOf(error)}. ${advice}`);
  });
  if (version < oldestMajor)
    throw new Error(`DATABASE_URL points to PostgreSQL ${version}, but ${oldestMajor} or newer is needed. ${advice}`);
  return { url, source: 'environment', description: `PostgreSQL ${version} from DATABASE_URL`, stop: () => Promise.resolve() };
}

// Debian does not put the server's programs on the PATH.
async function fromPath(options: ServerOptions): Promise<Server> {
  const folders = foldersWith(['initdb', 'postgres'], options.environment, ['/usr/lib/postgresql/*/bin']);
  let reason: unknown = new Error('no initdb and postgres on the PATH');
  for (const folder of new Set(folders.map((found) => dirname(realPath(found, 'postgres'))))) {
    try {
      return await runPostgres(folder, 'path', options, oldestMajor);
    } catch (error) {
      reason = error; // this version may be too old, and the next one newer
    }
  }
  throw reason;
}

async function fromContainer({ dataFolder }: ServerOptions): Promise<Server> {
  if (dataFolder !== undefined) throw new Error('a container loses its data when it stops, so it cannot use a data folder');
  const password = 'orderly'; // no secret: the data is deleted with the container
  const container = await startContainer({
    image: 'postgres:18-alpine',
    port: 5432,
    environment: { POSTGRES_USER: 'orderly', POSTGRES_PASSWORD: password, POSTGRES_DB: 'orderly' },
    command: ['-c', 'max_connections=300'],
  });
  const url = `postgres://orderly:${password}@${container.address}/orderly`;
  try {
    // The official image starts the server twice. Only the second one has the database, so a first answer proves nothing.
    await waitUntil(() => postgresVersion(url), { timeoutMs: 60_000 });
  } catch (error) {
    await container.stop();
    throw error;
  }
  return { url, source: 'containers', description: 'PostgreSQL 18 in a container', stop: container.stop };
}

async function postgresVersion(url: string): Promise<number> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined); // a broken connection also fails the query below
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version_num') as version");
    return Math.floor(Number(rows[0]?.version) / 10_000);
  } finally {
    await client.end().catch(() => undefined);
  }
}
