import { loadConfig, type Environment } from '@orderly/config';
import { createDatabase, isDatabaseAway, type Database } from '@orderly/database';
import { RetryableError } from '@orderly/errors';
import { databaseCommandConfig } from '../config';

/** Does a command's work with one connection to `DATABASE_URL`. */
export async function withLedger(env: Environment, work: (db: Database) => Promise<void>): Promise<void> {
  const { database } = loadConfig(databaseCommandConfig, env);
  const db = createDatabase({ ...database, poolSize: 1, applicationName: 'api-gateway keys' });
  try {
    await work(db);
  } catch (error) {
    if (!isDatabaseAway(error)) throw error;
    throw new RetryableError('database-unavailable', 'PostgreSQL does not answer at DATABASE_URL', { cause: error });
  } finally {
    await db.close();
  }
}
