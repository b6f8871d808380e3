import { setTimeout } from 'node:timers/promises';
import { createFaultLog, type FaultLog, type Logger } from '@orderly/observability';
import { createRedisFaults, createRelayFaults, redisPart, type BullEngine } from '@orderly/queue';

/** What a worker's log says, sparsely, about Redis and the work that depends on it. */
export interface ProcessFaults {
  readonly redis: FaultLog;
  readonly relay: FaultLog;
  readonly sweep: FaultLog;
}

export const createProcessFaults = (logger: Logger): ProcessFaults => ({
  redis: createRedisFaults(logger),
  relay: createRelayFaults(logger),
  sweep: createFaultLog(logger, { fails: 'The sweep fails', worksAgain: 'The sweep works again' }),
});

/** How soon a Redis that cannot be used is asked again, in ms. */
const retryMs = 1000;

/** Waits for a Redis that can be used: a worker that ended instead would come back at the end of a supervisor's backoff. */
export async function untilRedisWorks(engine: BullEngine, faults: FaultLog, signal: AbortSignal): Promise<void> {
  for (;;) {
    try {
      await engine.ready(signal);
      return faults.works(redisPart);
    } catch (error) {
      signal.throwIfAborted();
      faults.failed(redisPart, error);
    }
    await setTimeout(retryMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}
