import { loadConfig, type Environment } from '@orderly/config';
import { createDatabase, type Database } from '@orderly/database';
import { databaseCommandConfig } from '../config';
import { explained } from './explained';

/** Runs a command's work with one connection to `DATABASE_URL`, and closes the connection afterwards. */
export async function withLedger(env: Environment, work: (db: Database) => Promise<void>): Promise<void> {
  const { database } = loadConfig(databaseCommandConfig, env);
  const db = createDatabase({ ...database, poolSize: 1, applicationName: 'api-gateway keys' });
  try {
    await explained(work(db));
  } finally {
    await db.close();
  }
}
