import { loadConfig, migrationConfig, type Environment } from '@orderly/config';
import { migrate } from '@orderly/migrations';
import { explained } from './explained';

/**
 * Brings the schema up to date. A direct connection is preferred: poolers may not keep the session that holds the lock.
 *
 * @param folder - the folder of the SQL files
 */
export async function migrateDatabase(env: Environment, folder: string): Promise<void> {
  const { database } = loadConfig({ database: migrationConfig }, env);
  await explained(migrate(database.url, folder), env['DATABASE_DIRECT_URL'] ? 'DATABASE_DIRECT_URL' : 'DATABASE_URL');
  process.stdout.write('The schema is up to date\n');
}
