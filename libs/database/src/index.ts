export { coalesced } from './coalesced';
export { createDatabase, type Database, type DatabaseOptions, type Query } from './database';
export { explainDatabaseFault } from './explain-fault';
export { createDatabaseFaultLog } from './database-fault-log';
export { faultKind, isDatabaseAway, mayPass } from './fault-kind';
export { watchPool, type PoolPressure } from './pool-pressure';
export { retried, type WaitForDatabaseOptions } from './retried';
