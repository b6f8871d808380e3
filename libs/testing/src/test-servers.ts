/**
 * The PostgreSQL of this test run; a user who may create databases.
 * @throws Error when the run has no servers: a test without the `.int-spec.ts` ending must not want one.
 */
export const testDatabaseUrl = (): string => published('TEST_DATABASE_URL');

/** The Redis of this test run, shared by all of its files: use a queue prefix of your own. */
export const testRedisUrl = (): string => published('TEST_REDIS_URL');

/** What the names of this run's databases begin with, so that the end of the run finds them. */
export const testDatabasePrefix = (): string => published('TEST_DATABASE_PREFIX');

function published(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: servers are started for files that end in .int-spec.ts alone`);
  return value;
}
