import { alertsConfig, loadConfig, notificationsConfig, workerFragments, type ConfigOf, type Environment } from '@orderly/config';

const fragments = {
  ...workerFragments,
  notifications: notificationsConfig,
  alerts: alertsConfig,
};

export type NotificationWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadNotificationWorkerConfig = (env: Environment): NotificationWorkerConfig => loadConfig(fragments, env);
