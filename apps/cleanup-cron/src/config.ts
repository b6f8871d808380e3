import { databaseConfig, loadConfig, maintenanceConfig, workerFragments, type ConfigOf, type Environment } from '@orderly/config';

const fragments = {
  ...workerFragments,
  maintenance: maintenanceConfig,
};

export type CleanupCronConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadCleanupCronConfig = (env: Environment): CleanupCronConfig => loadConfig(fragments, env);

/** What a single run needs: PostgreSQL alone. */
export const runConfig = { database: databaseConfig };
