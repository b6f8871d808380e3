import { applyOrderEvent, queueNames } from '@orderly/contracts';
import { createClaimLedger, createOrderApplier } from '@orderly/ledger';
import { createWorkerProcess, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import type { StatusWorkerConfig } from './config';
import type { SyncedDestination } from './follow-ups';
import { planOrder } from './plan-order';

/** What the worker needs besides its configuration. */
export interface StatusWorkerDeps extends WorkerProcessDeps {
  /** All declared destinations. A change gets no job for a destination that is missing here. */
  readonly destinations: readonly SyncedDestination[];
}

/** The worker that applies events to orders, and plans which destinations and customers to notify. */
export function buildApp(config: StatusWorkerConfig, { destinations, ...deps }: StatusWorkerDeps): WorkerProcess {
  const { concurrency, parkedDeadlineMs, parkedAtDeadline } = config.orderStatus;
  const policy = { parkedDeadlineMs, atDeadline: parkedAtDeadline, destinations };
  return createWorkerProcess('status-worker', config, deps, ({ ledgerOptions }) => {
    const apply = createOrderApplier(ledgerOptions, (order, events, now) => planOrder(order, events, now, policy));
    return {
      queues: [
        {
          queue: queueNames.orderStatus,
          concurrency,
          ledger: createClaimLedger(ledgerOptions, {
            queue: queueNames.orderStatus,
            destination: null,
            sendsNewest: false,
            sendsMessages: false,
          }),
          // No handlers: `applies` runs every job of this queue.
          jobs: {},
          applies: { policy: applyOrderEvent.policy, apply },
        },
      ],
    };
  });
}
