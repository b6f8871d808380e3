import {
  adminConfig,
  databaseConfig,
  loadConfig,
  logConfig,
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
  orderSync: orderSyncConfig,
};

export type OrderSyncWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadOrderSyncWorkerConfig = (env: Environment): OrderSyncWorkerConfig => loadConfig(fragments, env);
