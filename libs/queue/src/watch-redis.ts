import type { FaultLog } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import { explainRefusal, inspectRedis } from './redis-check';
import { redisPart } from './redis-faults';

/** Options of {@link watchRedis}. */
export interface RedisWatchOptions {
  readonly redis: Redis;
  /** Told at each look whether Redis can be used. */
  readonly faults: FaultLog;
  /** Calls `onChange` after a loss of data, which a marker key below `prefix` shows. @defaultValue no check for a loss */
  readonly generation?: { readonly prefix: string; readonly onChange: () => void };
}

/** Time between two looks, in ms. A loss of data is noticed after this time at the latest. */
const lookMs = 1000;

/**
 * Checks once a second and after every reconnect whether Redis can be used, and whether it may have lost data. The signs of a
 * loss are a missing marker (FLUSHALL, eviction, an empty replica), another `run_id` (a restart) and another replication id (a
 * failover). At the first look only a missing marker counts, because the ids before it are unknown.
 */
export function watchRedis({ redis, faults, generation }: RedisWatchOptions): Service {
  const look = generation ? createLook(redis, generation) : () => inspectRedis(redis);
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;
  let isStopped = false;
  // A function, because a stop may come during an await, and TypeScript would assume that the variable is unchanged.
  const hasStopped = (): boolean => isStopped;
  /** Why there is no connection; undefined while there is one. */
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
      // A connection that is still being made is not a fault yet.
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

/** Looks at Redis and its marker in one round trip. SET with NX restores a missing marker and shows that it was missing. */
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
