import { createService, type Service } from '@orderly/runtime';
import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';

/** How often Redis is asked whether it is still the one that it was, in ms. */
const checkMs = 1000;

/**
 * Notices that Redis may have lost what it was given: a marker that is gone (FLUSHALL, eviction, an empty replica), another
 * `run_id` (a restart) or another replication id (a failover).
 *
 * @param onChange called once per loss, also at the first look if Redis is new
 */
export function watchGeneration(redis: Redis, prefix: string, onChange: () => void): Service {
  const key = `${prefix}:generation`;
  let known: string | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  const look = async (): Promise<void> => {
    if (isLooking || redis.status !== 'ready') return;
    isLooking = true;
    try {
      const [isNew, marker] = [await redis.set(key, randomUUID(), 'NX'), await redis.get(key)];
      const info = await redis.info();
      const generation = [marker, /run_id:(\w+)/.exec(info)?.[1], /master_replid:(\w+)/.exec(info)?.[1]].join(' ');
      if (isNew === 'OK' || (known !== undefined && known !== generation)) onChange();
      known = generation;
    } catch {
      // Redis is away: the next look is after it is back.
    } finally {
      isLooking = false;
    }
  };
  const onReady = (): void => void look();

  return createService({
    name: 'generation',
    async start() {
      redis.on('ready', onReady);
      timer = setInterval(() => void look(), checkMs);
      await look();
    },
    async stop() {
      clearInterval(timer);
      redis.off('ready', onReady);
    },
  });
}
