export { loadConfig, type ConfigFragment, type ConfigOf, type Environment } from './load-config';
export {
  adminConfig,
  alertsConfig,
  databaseConfig,
  gatewayHttpConfig,
  idempotencyConfig,
  intrusionConfig,
  logConfig,
  maintenanceConfig,
  migrationConfig,
  notificationsConfig,
  orderStatusConfig,
  orderSyncConfig,
  overloadConfig,
  queueConfig,
  redisConfig,
  retentionConfig,
  servedDestinationsConfig,
  shutdownConfig,
  workerFragments,
} from './fragments';
export { shopifyShopsConfig, webhookSecretsConfig, webhookSecretsVariable } from './webhooks';
