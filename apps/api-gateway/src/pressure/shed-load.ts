import underPressure from '@fastify/under-pressure';
import type { PoolPressure } from '@orderly/database';
import { createSparseLog, type Logger, metrics } from '@orderly/observability';
import type { FastifyInstance } from 'fastify';
import { randomInt } from 'node:crypto';
import { getHeapStatistics } from 'node:v8';
import { RequestRefused } from '../http/request-refused';

/** From where on requests are refused; 0 switches a threshold off. */
interface OverloadThresholds {
  readonly eventLoopDelayMs: number;
  readonly heapPercent: number;
  readonly poolWaiting: number;
  readonly poolWaitMs: number;
}

export interface LoadSheddingOptions {
  readonly thresholds: OverloadThresholds;
  readonly poolPressure: () => PoolPressure;
  readonly logger: Logger;
}

/**
 * Refuses requests at once while there is more to do than can be done in time, before their bodies are read and their keys are
 * looked up. All of them: what is cheap also waits for the event loop.
 */
export function shedLoad(app: FastifyInstance, { thresholds, poolPressure, logger }: LoadSheddingOptions): void {
  const log = createSparseLog<string>((reason, requests) =>
    logger.warn({ reason, requests }, 'Too much load: requests are refused'),
  );
  const refuse = (reason: string): never => {
    metrics.httpRequestsShed.add({ reason });
    log(reason);
    throw overloaded();
  };

  void app.register(underPressure, {
    maxEventLoopDelay: thresholds.eventLoopDelayMs,
    maxHeapUsedBytes: (getHeapStatistics().heap_size_limit * thresholds.heapPercent) / 100,
    pressureHandler: async (_request, _reply, type) => refuse(reasons[type] ?? 'other'),
  });
  app.addHook('onRequest', async () => {
    const { waiting, longestWaitMs } = poolPressure();
    if (isAbove(waiting, thresholds.poolWaiting)) refuse('pool-waiting');
    if (isAbove(longestWaitMs, thresholds.poolWaitMs)) refuse('pool-wait');
  });
}

const isAbove = (value: number, threshold: number): boolean => threshold > 0 && value > threshold;

const reasons: Readonly<Record<string, string>> = { eventLoopDelay: 'event-loop-delay', heapUsedBytes: 'heap' };

/** A random one of these, so that those who were refused together do not return together. */
const retryAfterSeconds = { min: 1, max: 5 };

const overloaded = (): RequestRefused =>
  new RequestRefused('overloaded', {
    headers: { 'retry-after': String(randomInt(retryAfterSeconds.min, retryAfterSeconds.max + 1)) },
  });
