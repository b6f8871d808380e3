export { isDatabaseAway } from './connection-error';
export { createDatabase, type Database, type DatabaseOptions, type Query } from './database';
export { watchPool, type PoolPressure } from './pool-pressure';
export { retried } from './retried';
export { accessRefusal, isSchemaMissing } from './setup-fault';
export { waitForDatabase, type WaitForDatabaseOptions } from './wait-for-database';
