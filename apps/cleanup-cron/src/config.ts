import {
  databaseConfig,
  loadConfig,
  maintenanceConfig,
  retentionConfig,
  workerFragments,
  type ConfigOf,
  type Environment,
} from '@orderly/config';

const fragments = {
  ...workerFragments,
  maintenance: maintenanceConfig,
  retention: retentionConfig,
};

export type CleanupCronConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadCleanupCronConfig = (env: Environment): CleanupCronConfig => loadConfig(fragments, env);

/** A single run needs PostgreSQL only. */
export const runConfig = { database: databaseConfig, retention: retentionConfig };
