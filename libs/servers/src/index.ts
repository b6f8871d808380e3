export { startPostgres, type PostgresServer } from './start-postgres';
export { startRedis, type RedisServer } from './start-redis';
export { type ServerOptions, type RedisKind, type ServerSource, type Server } from './server';
export { NoServerError } from './first-way-that-works';
export { spawnGuarded, type GuardedChild, type GuardOptions } from './spawn-guarded';
export { cacheFolder } from './cache-folder';
export { foldersWith } from './search-path';
export { freePort } from './free-port';
