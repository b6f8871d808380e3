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

/** @throws ConfigurationError that names every fault */
export const loadCleanupCronConfig = (env: Environment): CleanupCronConfig => loadConfig(fragments, env);

/** The configuration of a single run, which does without Redis. */
export const runConfig = { database: databaseConfig, retention: retentionConfig };
