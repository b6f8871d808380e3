import {
  adminConfig,
  databaseConfig,
  loadConfig,
  logConfig,
  maintenanceConfig,
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
  maintenance: maintenanceConfig,
};

export type CleanupCronConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadCleanupCronConfig = (env: Environment): CleanupCronConfig => loadConfig(fragments, env);

/** What a single run needs: PostgreSQL alone. */
export const runConfig = { database: databaseConfig };
