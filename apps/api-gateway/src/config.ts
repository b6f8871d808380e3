import {
  adminConfig,
  databaseConfig,
  gatewayHttpConfig,
  idempotencyConfig,
  logConfig,
  overloadConfig,
  queueConfig,
  redisConfig,
  shopifyShopsConfig,
  shutdownConfig,
  webhookSecretsConfig,
  type ConfigOf,
} from '@orderly/config';
import { platforms } from '@orderly/platforms';

/** What serving needs to know. */
export const serveConfig = {
  http: gatewayHttpConfig,
  idempotency: idempotencyConfig,
  admin: adminConfig,
  database: databaseConfig,
  redis: redisConfig,
  queue: queueConfig,
  log: logConfig,
  overload: overloadConfig,
  shutdown: shutdownConfig,
  webhookSecrets: webhookSecretsConfig(platforms),
  shopifyShops: shopifyShopsConfig,
};

/** What the commands need that only speak to the database. */
export const databaseCommandConfig = { database: databaseConfig };

export type AppConfig = Pick<
  ConfigOf<typeof serveConfig>,
  'http' | 'idempotency' | 'overload' | 'admin' | 'database' | 'webhookSecrets' | 'shopifyShops'
>;
