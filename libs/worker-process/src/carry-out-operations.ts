import type { Database } from '@orderly/database';
import { carryOutStep } from '@orderly/ledger';
import type { RunnableJob } from '@orderly/jobs';
import type { FaultLog } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';

/** How often a process looks for an operation, in ms. */
const idleMs = 1000;
/** How often, while an operation is under way: shorter than the pause between two of its steps. */
const busyMs = 50;
/** An operation counts as under way for this long after its last step, in ms. */
const busyForMs = 5000;

export interface CarryOutOptions {
  readonly db: Pick<Database, 'transaction'>;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  readonly faults: FaultLog;
}

/**
 * Carries out operations that were requested over HTTP, such as a redrive. Every worker process does so, and the ledger lets one at
 * a time work on an operation: it goes on as long as any worker lives, and needs no Redis.
 */
export function carryOutOperations({ db, relay, faults }: CarryOutOptions): Service {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let isStopped = false;
  let lastWorkMs = -Infinity;

  const schedule = (afterMs: number): void => {
    if (isStopped) return;
    timer = setTimeout(() => (running = turn()), afterMs);
  };
  const turn = async (): Promise<void> => {
    try {
      while (!isStopped) {
        const { worked, runnable } = await carryOutStep(db);
        relay(runnable);
        if (!worked) break;
        lastWorkMs = performance.now();
      }
      faults.works('operations');
    } catch (error) {
      faults.failed('operations', error);
    }
    schedule(performance.now() - lastWorkMs < busyForMs ? busyMs : idleMs);
  };

  return createService({
    name: 'operations',
    start: async () => schedule(idleMs),
    stop: async () => {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  });
}
