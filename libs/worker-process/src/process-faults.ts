import { setTimeout } from 'node:timers/promises';
import { createFaultLog, type FaultLog, type Logger } from '@orderly/observability';
import { createRedisFaults, createRelayFaults, redisPart, type BullEngine } from '@orderly/queue';

/** Logs faults of Redis and of the work that depends on it, sparsely: an outage must not flood the log. */
export interface ProcessFaults {
  readonly redis: FaultLog;
  readonly relay: FaultLog;
  readonly sweep: FaultLog;
  readonly operations: FaultLog;
}

/** Creates the fault logs of a worker. All its parts must share them. */
export const createProcessFaults = (logger: Logger): ProcessFaults => ({
  redis: createRedisFaults(logger),
  relay: createRelayFaults(logger),
  sweep: createFaultLog(logger, { fails: 'The sweep fails', worksAgain: 'The sweep works again' }),
  operations: createFaultLog(logger, {
    fails: 'Operations cannot be carried out',
    worksAgain: 'Operations are carried out again',
  }),
});

/** Pause before Redis is asked again, in ms. */
const retryMs = 1000;

/**
 * Waits until Redis can be used. If the worker ended instead, a supervisor's backoff would delay its restart.
 *
 * @throws the signal's reason when it is aborted
 */
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
