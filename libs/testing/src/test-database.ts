import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { testDatabasePrefix, testDatabaseUrl } from './test-servers';

export type TestDatabase = {
  url: string;
  /** Removes it, whoever is still connected. The end of the run does so too. */
  drop(): Promise<void>;
};

/**
 * A database of your own with the schema in it, in some 50 ms: a copy of a template that `migrate` fills once per run.
 * @param migrate brings the empty database behind the URL to the newest schema; without it the database is empty.
 * @param schema names the template: two functions that migrate differently must not share one.
 */
export async function createTestDatabase(migrate?: (url: string) => Promise<unknown>, schema = 'orderly'): Promise<TestDatabase> {
  const name = `${testDatabasePrefix()}_${randomBytes(6).toString('hex')}`;
  const template = migrate ? await migratedTemplate(migrate, schema) : 'template0';
  await administer((client) => client.query(`create database "${name}" template "${template}"`));
  const drop = (): Promise<void> => administer((client) => client.query(`drop database if exists "${name}" with (force)`));
  return { url: urlOf(name), drop };
}

/** Removes every database that this run made. */
export async function dropTestDatabases(): Promise<void> {
  await administer(async (client) => {
    const { rows } = await client.query<{ datname: string }>('select datname from pg_database where starts_with(datname, $1)', [
      testDatabasePrefix(),
    ]);
    for (const { datname } of rows) await client.query(`drop database if exists "${datname}" with (force)`);
  });
}

// Several files begin at once, each in a process of its own: the first makes the template, the others wait for it. It gets its
// name only when it is whole, so that a migration that fails leaves nothing that the next file would copy.
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
    // A connection of the migration that is still closing would be in the way of the new name.
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
    await client.end(); // which also gives back the advisory lock
  }
}

function urlOf(database: string): string {
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${database}`;
  return url.href;
}
