import {
  adminConfig,
  databaseConfig,
  loadConfig,
  logConfig,
  notificationsConfig,
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
  notifications: notificationsConfig,
};

export type NotificationWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadNotificationWorkerConfig = (env: Environment): NotificationWorkerConfig => loadConfig(fragments, env);
