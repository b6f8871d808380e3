import { loadConfig, migrationConfig, type Environment } from '@orderly/config';
import { migrate } from '@orderly/database';

/** @param folder - the SQL files */
export async function migrateDatabase(env: Environment, folder: string): Promise<void> {
  const { database } = loadConfig({ database: migrationConfig }, env);
  await migrate(database.url, folder);
  process.stdout.write('The schema is up to date\n');
}
