import {
  adminConfig,
  databaseConfig,
  gatewayHttpConfig,
  idempotencyConfig,
  intrusionConfig,
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

/** The settings of `serve`. */
export const serveConfig = {
  http: gatewayHttpConfig,
  idempotency: idempotencyConfig,
  admin: adminConfig,
  database: databaseConfig,
  redis: redisConfig,
  queue: queueConfig,
  log: logConfig,
  overload: overloadConfig,
  intrusion: intrusionConfig,
  shutdown: shutdownConfig,
  webhookSecrets: webhookSecretsConfig(platforms),
  shopifyShops: shopifyShopsConfig,
};

/** The settings of commands that only use the database, so an operator need not set the rest for them. */
export const databaseCommandConfig = { database: databaseConfig };

export type AppConfig = Pick<
  ConfigOf<typeof serveConfig>,
  'http' | 'idempotency' | 'overload' | 'intrusion' | 'admin' | 'database' | 'webhookSecrets' | 'shopifyShops'
>;
