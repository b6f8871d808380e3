/**
 * The URL of this test run's PostgreSQL. Its user may create databases.
 *
 * @throws Error if the run has no servers, because they are only started for files that end in `.int-spec.ts`
 */
export const testDatabaseUrl = (): string => published('TEST_DATABASE_URL');

/** The URL of this test run's Redis. All test files share it, so each must use its own queue prefix. */
export const testRedisUrl = (): string => published('TEST_REDIS_URL');

/** The prefix of the names of this run's databases, by which the end of the run finds them. */
export const testDatabasePrefix = (): string => published('TEST_DATABASE_PREFIX');

function published(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: servers are only started for files that end in .int-spec.ts`);
  return value;
}
