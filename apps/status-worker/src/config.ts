import {
  adminConfig,
  databaseConfig,
  loadConfig,
  logConfig,
  orderStatusConfig,
  orderSyncConfig,
  queueConfig,
  redisConfig,
  shutdownConfig,
  type ConfigOf,
  type Environment,
} from '@orderly/config';

const fragments = {
  database: databaseConfig,
  redis: redisConfig,
  admin: adminConfig,
  log: logConfig,
  shutdown: shutdownConfig,
  queue: queueConfig,
  orderStatus: orderStatusConfig,
  orderSync: orderSyncConfig,
};

export type StatusWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadStatusWorkerConfig = (env: Environment): StatusWorkerConfig => loadConfig(fragments, env);
