import {
  loadConfig,
  orderStatusConfig,
  orderSyncConfig,
  workerFragments,
  type ConfigOf,
  type Environment,
} from '@orderly/config';

// `orderSync` names the destinations file, from which the fan-out learns who wants which events.
const fragments = {
  ...workerFragments,
  orderStatus: orderStatusConfig,
  orderSync: orderSyncConfig,
};

export type StatusWorkerConfig = ConfigOf<typeof fragments>;

/** Reads the worker's settings. @throws ConfigurationError that names every fault */
export const loadStatusWorkerConfig = (env: Environment): StatusWorkerConfig => loadConfig(fragments, env);
