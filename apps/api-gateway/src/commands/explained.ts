import { explainDatabaseFault } from '@orderly/database';

/**
 * Waits for what a command does with the database.
 *
 * @param variable - that names the database
 * @throws RetryableError, ConfigurationError in words for whoever set the variable, where the database cannot be used
 */
export async function explained(work: Promise<void>, variable?: string): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw explainDatabaseFault(cause, variable) ?? cause;
  }
}
