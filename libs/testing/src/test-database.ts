import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { testDatabasePrefix, testDatabaseUrl } from './test-servers';

export type TestDatabase = {
  url: string;
  /** Drops the database even while clients are connected. The end of the run drops the remaining ones. */
  drop(): Promise<void>;
};

/**
 * Creates a database with the schema in about 50 ms, as a copy of a template. The template is migrated once per run.
 *
 * @param migrate - brings the empty database at the URL to the newest schema; without it the database is empty
 * @param schema - the name of the template: two functions that migrate differently must not share one
 */
export async function createTestDatabase(migrate?: (url: string) => Promise<unknown>, schema = 'orderly'): Promise<TestDatabase> {
  const name = `${testDatabasePrefix()}_${randomBytes(6).toString('hex')}`;
  const template = migrate ? await migratedTemplate(migrate, schema) : 'template0';
  await administer((client) => client.query(`create database "${name}" template "${template}"`));
  const drop = (): Promise<void> => administer((client) => client.query(`drop database if exists "${name}" with (force)`));
  return { url: urlOf(name), drop };
}

/** Drops all databases that this run created. */
export async function dropTestDatabases(): Promise<void> {
  await administer(async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [
      testDatabasePrefix(),
    ]);
    for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  });
}

// Several test files start at once, each in its own process: the first creates the template, and the others wait. The template
// gets its final name when it is complete, so that no file copies one whose migration failed.
async function migratedTemplate(migrate: (url: string) => Promise<unknown>, schema: string): Promise<string> {
  const template = `${testDatabasePrefix()}_template_${schema}`;
  const unfinished = `${template}_unfinished`;
  await administer(async (client) => {
    await client.query('select pg_advisory_lock(hashtext($1))', [template]);
    const { rowCount } = await client.query('select from pg_database where datname = $1', [template]);
    if (rowCount) return;
    await client.query(`drop database if exists "${unfinished}" with (force)`);
    await client.query(`create database "${unfinished}" template template0`);
    await migrate(urlOf(unfinished));
    // PostgreSQL refuses to rename a database while a connection of the migration is still closing.
    await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [unfinished]);
    await client.query(`alter database "${unfinished}" rename to "${template}"`);
  });
  return template;
}

async function administer(work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: testDatabaseUrl() });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end(); // this also releases the advisory lock
  }
}

function urlOf(database: string): string {
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${database}`;
  return url.href;
}
