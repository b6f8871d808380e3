import {
  adminConfig,
  databaseConfig,
  gatewayHttpConfig,
  logConfig,
  queueConfig,
  redisConfig,
  shutdownConfig,
  type ConfigOf,
} from '@orderly/config';

/** What serving needs to know. */
export const serveConfig = {
  http: gatewayHttpConfig,
  admin: adminConfig,
  database: databaseConfig,
  redis: redisConfig,
  queue: queueConfig,
  log: logConfig,
  shutdown: shutdownConfig,
};

/** What the commands need that only speak to the database. */
export const databaseCommandConfig = { database: databaseConfig };

export type AppConfig = Pick<ConfigOf<typeof serveConfig>, 'http' | 'admin' | 'database'>;
