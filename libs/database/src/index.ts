export { createDatabase, type Database, type DatabaseOptions } from './database';
export { isDatabaseAway } from './connection-error';
export { migrate } from './migrate';
