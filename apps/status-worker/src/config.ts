import {
  loadConfig,
  orderStatusConfig,
  orderSyncConfig,
  workerFragments,
  type ConfigOf,
  type Environment,
} from '@orderly/config';

const fragments = {
  ...workerFragments,
  orderStatus: orderStatusConfig,
  orderSync: orderSyncConfig,
};

export type StatusWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadStatusWorkerConfig = (env: Environment): StatusWorkerConfig => loadConfig(fragments, env);
