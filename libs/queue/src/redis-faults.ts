import { createFaultLog, metrics, type FaultLog, type Logger } from '@orderly/observability';

/** Says in the log and in the metrics whether Redis can be used; shared by all connections of a process. */
export const createRedisFaults = (logger: Logger): FaultLog =>
  createFaultLog(logger, {
    fails: 'Redis cannot be used',
    worksAgain: 'Redis can be used again',
    onChange: (works) => metrics.dependencyUp.set(works ? 1 : 0, { dependency: 'redis' }),
  });

/** The name by which the fault log knows the connection of the engine. */
export const redisPart = 'redis';

/** Says in the log how many jobs the relay leaves to the sweep. */
export const createRelayFaults = (logger: Logger): FaultLog =>
  createFaultLog(logger, {
    fails: 'Jobs could not be handed to Redis and are left to the sweep',
    worksAgain: 'Jobs are handed to Redis after their commit again',
  });
