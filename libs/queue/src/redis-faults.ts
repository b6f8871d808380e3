import { createFaultLog, metrics, type FaultLog, type Logger } from '@orderly/observability';

/** Reports to the log and the metrics whether Redis can be used. All connections of a process must share one. */
export const createRedisFaults = (logger: Logger): FaultLog =>
  createFaultLog(logger, {
    fails: 'Redis cannot be used',
    worksAgain: 'Redis can be used again',
    onChange: (works) => metrics.dependencyUp.set(works ? 1 : 0, { dependency: 'redis' }),
  });

/** The engine's connection in {@link createRedisFaults}. Every part has its own name, because each can fail alone. */
export const redisPart = 'redis';

/** Reports to the log how many jobs the relay leaves to the sweep. */
export const createRelayFaults = (logger: Logger): FaultLog =>
  createFaultLog(logger, {
    fails: 'Jobs could not be added to Redis; the sweep will add them',
    worksAgain: 'Jobs are added to Redis after their commit again',
  });
