import { applyOrderEvent, queueNames } from '@orderly/contracts';
import { createOrderApplier, createRowLockLedger } from '@orderly/ledger';
import { bindJob } from '@orderly/queue';
import { createWorkerProcess, type WorkerProcess, type WorkerProcessDeps } from '@orderly/worker-process';
import type { StatusWorkerConfig } from './config';
import { createFollowUps, type SyncedDestination } from './follow-ups';
import { createApplyOrderEvent } from './handlers/apply-order-event';

export interface StatusWorkerDeps extends WorkerProcessDeps {
  readonly destinations: readonly SyncedDestination[];
}

/** The worker that brings orders up to date, and plans who has to be told. */
export function buildApp(config: StatusWorkerConfig, { destinations, ...deps }: StatusWorkerDeps): WorkerProcess {
  const { concurrency, parkedDeadlineMs, parkedAtDeadline } = config.orderStatus;
  return createWorkerProcess('status-worker', config, deps, ({ ledgerOptions }) => {
    const apply = createOrderApplier(ledgerOptions, {
      parkedDeadlineMs,
      atDeadline: parkedAtDeadline,
      followUps: createFollowUps(destinations),
    });
    return {
      queues: [
        {
          queue: queueNames.orderStatus,
          concurrency,
          ledger: createRowLockLedger(ledgerOptions, queueNames.orderStatus),
          jobs: { 'apply-order-event': bindJob(applyOrderEvent, createApplyOrderEvent({ apply })) },
        },
      ],
    };
  });
}
