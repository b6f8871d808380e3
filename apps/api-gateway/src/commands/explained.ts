import { accessRefusal, isDatabaseAway } from '@orderly/database';
import { ConfigurationError, RetryableError } from '@orderly/errors';

/**
 * Waits for what a command does with the database.
 *
 * @param variable - that names the database
 * @throws RetryableError, ConfigurationError in words for whoever set the variable, where the database cannot be used
 */
export async function explained(work: Promise<void>, variable = 'DATABASE_URL'): Promise<void> {
  try {
    await work;
  } catch (cause) {
    if (isDatabaseAway(cause)) {
      throw new RetryableError('database-unavailable', `PostgreSQL does not answer at ${variable}`, { cause });
    }
    const refusal = accessRefusal(cause);
    if (refusal === undefined) throw cause;
    throw new ConfigurationError('configuration-invalid', `PostgreSQL refuses ${variable}: ${refusal}`, { cause });
  }
}
