import { explainDatabaseFault } from '@orderly/database';

/**
 * Waits for a command's work with the database, and explains its connection faults.
 *
 * @param variable - the environment variable that holds the database URL; the error text names it
 * @throws RetryableError or ConfigurationError if the database cannot be used. Other errors pass unchanged.
 */
export async function explained(work: Promise<void>, variable?: string): Promise<void> {
  try {
    await work;
  } catch (cause) {
    throw explainDatabaseFault(cause, variable) ?? cause;
  }
}
