import underPressure from '@fastify/under-pressure';
import type { PoolPressure } from '@orderly/database';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { getHeapStatistics } from 'node:v8';
import { Overloaded } from '../http/request-refused';

/** Requests are refused above these values. 0 switches a threshold off. */
interface OverloadThresholds {
  readonly eventLoopDelayMs: number;
  readonly heapPercent: number;
  readonly poolWaiting: number;
  readonly poolWaitMs: number;
  readonly intakeWaitMs: number;
}

export interface LoadSheddingOptions {
  readonly thresholds: OverloadThresholds;
  readonly poolPressure: () => PoolPressure;
  /** How long the first request in the queue of the intake has waited, in ms. */
  readonly intakeWaitMs: () => number;
}

/**
 * Refuses requests at once under overload, before bodies are read and keys are looked up: a refusal must stay cheap. The event
 * loop, the heap and the pool concern all requests; the queue of the intake concerns only requests that would join it.
 */
export function shedLoad(app: FastifyInstance, { thresholds, poolPressure, intakeWaitMs }: LoadSheddingOptions): void {
  void app.register(underPressure, {
    maxEventLoopDelay: thresholds.eventLoopDelayMs,
    maxHeapUsedBytes: (getHeapStatistics().heap_size_limit * thresholds.heapPercent) / 100,
    pressureHandler: async (_request, _reply, type) => {
      throw new Overloaded(reasons[type] ?? 'other');
    },
  });
  app.addHook('onRequest', async (request) => {
    const { waiting, longestWaitMs } = poolPressure();
    if (isAbove(waiting, thresholds.poolWaiting)) throw new Overloaded('pool-waiting');
    if (isAbove(longestWaitMs, thresholds.poolWaitMs)) throw new Overloaded('pool-wait');
    if (bringsEvents(request) && isAbove(intakeWaitMs(), thresholds.intakeWaitMs)) throw new Overloaded('intake-wait');
  });
}

const isAbove = (value: number, threshold: number): boolean => threshold > 0 && value > threshold;

const bringsEvents = ({ method, routeOptions: { url = '' } }: FastifyRequest): boolean =>
  method === 'POST' && (url === '/v1/events' || url.startsWith('/v1/webhooks/'));

const reasons: Readonly<Record<string, string>> = { eventLoopDelay: 'event-loop-delay', heapUsedBytes: 'heap' };
