export { loadConfig, type ConfigFragment, type ConfigOf, type Environment } from './load-config';
export {
  adminConfig,
  databaseConfig,
  gatewayHttpConfig,
  logConfig,
  maintenanceConfig,
  migrationConfig,
  notificationsConfig,
  orderStatusConfig,
  orderSyncConfig,
  queueConfig,
  redisConfig,
  shutdownConfig,
  workerFragments,
} from './fragments';
export { shopifyShopsConfig, webhookSecretsConfig } from './webhooks';
