import { syncOrder, syncQueueName } from '@orderly/contracts';
import { createClaimLedger } from '@orderly/ledger';
import { createDestinationClient, type Destination } from '@orderly/destinations';
import { bindJob } from '@orderly/queue';
import { createService, type Service } from '@orderly/runtime';
import {
  createWorkerProcess,
  type QueuePlan,
  type WorkerParts,
  type WorkerProcess,
  type WorkerProcessDeps,
} from '@orderly/worker-process';
import type { OrderSyncWorkerConfig } from './config';
import { applyDestinationSettings } from './apply-destination-settings';
import { createSyncOrder } from './handlers/sync-order';
import { laneStepAfter } from './lane-step';
import { selectDestinations } from './select-destinations';
import { warnAboutUnknownDestinations } from './warn-about-unknown-destinations';

export interface OrderSyncWorkerDeps extends WorkerProcessDeps {
  /** All destinations of the file. */
  readonly destinations: readonly Destination[];
}

/** The worker that sends orders to destinations. Each destination has its own queue and connections. */
export function buildApp(config: OrderSyncWorkerConfig, { destinations, ...deps }: OrderSyncWorkerDeps): WorkerProcess {
  const served = selectDestinations(destinations, config.served.names);
  const declared = destinations.map(({ name }) => name);
  return createWorkerProcess('order-sync-worker', config, deps, (parts) => {
    const planned = served.map((destination) => planDestination(destination, parts));
    return {
      queues: planned.map(({ queue }) => queue),
      services: [
        warnAboutUnknownDestinations(declared, parts),
        applyDestinationSettings(destinations, served, parts),
        ...planned.map(({ connections }) => connections),
      ],
    };
  });
}

function planDestination(destination: Destination, { ledgerOptions }: WorkerParts): { queue: QueuePlan; connections: Service } {
  const { name, concurrency, rateLimit, mode } = destination;
  const queue = syncQueueName(name);
  const client = createDestinationClient(destination);
  return {
    queue: {
      queue,
      concurrency,
      rateLimit,
      ledger: createClaimLedger(ledgerOptions, {
        queue,
        destination: name,
        sendsNewest: mode === 'latest-state',
        sendsMessages: false,
      }),
      jobs: { 'sync-order': bindJob(definitionFor(destination), createSyncOrder({ destination, client })) },
      afterwards: (verdict) => ({ laneStep: laneStepAfter(verdict, destination.onDeadHead) }),
    },
    connections: createService({ name: `connections to ${name}`, start: async () => undefined, stop: () => client.close() }),
  };
}

/** Without idempotency a request is not repeated if its process died: it may have taken effect. */
const definitionFor = ({ idempotency }: Destination): typeof syncOrder => ({
  ...syncOrder,
  policy: { ...syncOrder.policy, whenLost: idempotency.mode === 'none' ? 'unknown' : 'retry' },
});
