import {
  loadConfig,
  orderSyncConfig,
  servedDestinationsConfig,
  workerFragments,
  type ConfigOf,
  type Environment,
} from '@orderly/config';

const fragments = {
  ...workerFragments,
  orderSync: orderSyncConfig,
  served: servedDestinationsConfig,
};

export type OrderSyncWorkerConfig = ConfigOf<typeof fragments>;

/** @throws ConfigurationError naming every fault */
export const loadOrderSyncWorkerConfig = (env: Environment): OrderSyncWorkerConfig => loadConfig(fragments, env);
