import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyMigrations } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';

/** Any number: it only has to be the same in every process that migrates. */
const migrationLock = 7_241_066;

/**
 * Brings the schema up to date. Safe to run twice and by two at once: the second waits, and finds nothing to do.
 *
 * @param url - a direct connection: behind PgBouncer in transaction mode a session's lock would be lost
 * @param folder - the SQL files and their journal
 */
export async function migrate(url: string, folder: string): Promise<void> {
  const client = new Client({ connectionString: url, application_name: 'orderly-migrate' });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [migrationLock]);
    await applyMigrations(drizzle(client), { migrationsFolder: folder });
  } finally {
    // Ending the session gives the lock back.
    await client.end();
  }
}
