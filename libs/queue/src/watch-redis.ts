import type { FaultLog } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { explainRefusal, inspectRedis } from './redis-check';
import { redisPart } from './redis-faults';

export interface RedisWatchOptions {
  readonly redis: Redis;
  /** Told at every look whether Redis can be used. */
  readonly faults: FaultLog;
  /** Where the marker lies that a Redis which has lost its contents lacks, and who is told of the loss. */
  readonly generation?: { readonly prefix: string; readonly onChange: () => void };
}

/** How often Redis is looked at, in ms. */
const lookMs = 1000;

/**
 * Looks at Redis once a second and after every reconnect: whether it can be used, and whether it may have lost what it was given.
 * A loss shows in a marker that is gone (FLUSHALL, eviction, an empty replica), in another `run_id` (a restart) or in another
 * replication id (a failover). At the first look only a missing marker counts.
 */
export function watchRedis({ redis, faults, generation }: RedisWatchOptions): Service {
  const look = generation ? createLook(redis, generation) : () => inspectRedis(redis);
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isStopped = false;
  // A function, because what awaits may be overtaken by the stop.
  const hasStopped = (): boolean => isStopped;
  /** Why there is no connection. */
  let lastError: Error | undefined;

  const lookOnce = async (): Promise<void> => {
    if (isLooking || hasStopped()) return;
    isLooking = true;
    try {
      if (redis.status !== 'ready') throw lastError ?? new Error('there is no connection');
      await look();
      faults.works(redisPart);
    } catch (error) {
      if (!hasStopped()) faults.failed(redisPart, error);
    } finally {
      isLooking = false;
    }
  };
  const onTimer = (): void => void lookOnce();
  const onReady = (): void => {
    lastError = undefined;
    void lookOnce();
  };
  const onError = (error: Error): void => void (lastError = explainRefusal(error));

  return createService({
    name: 'redis watch',
    async start() {
      redis.on('ready', onReady);
      redis.on('error', onError);
      timer = setInterval(onTimer, lookMs);
      // A connection that is still being made is no fault yet.
      if (redis.status === 'ready') await lookOnce();
    },
    async stop() {
      isStopped = true;
      clearInterval(timer);
      redis.off('ready', onReady);
      redis.off('error', onError);
    },
  });
}

function createLook(redis: Redis, { prefix, onChange }: NonNullable<RedisWatchOptions['generation']>): () => Promise<void> {
  const key = `${prefix}:generation`;
  let known: string | undefined;

  return async () => {
    const { identity, answers } = await inspectRedis(redis, (pipeline) => pipeline.set(key, randomUUID(), 'NX').get(key));
    const [made, marker] = answers;
    const current = [marker, identity.runId, identity.replicationId].join(' ');
    const isLost = made === 'OK' || (known !== undefined && known !== current);
    known = current;
    if (isLost) onChange();
  };
}
