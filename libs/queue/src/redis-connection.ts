import { Redis } from 'ioredis';

/** Longest wait for the answer of a command that must not hold anyone up, in ms. */
const defaultCommandTimeoutMs = 5000;

/**
 * For calls that fail at once while Redis is away, because the sweep repairs what they leave undone: nothing is queued in
 * memory, nobody waits.
 */
export const connectForCalls = (url: string, lazyConnect = false, commandTimeoutMs = defaultCommandTimeoutMs): Redis =>
  new Redis(url, {
    lazyConnect,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
  });

/** For BullMQ's workers, which wait for Redis as long as it takes. */
export const connectForWorker = (url: string): Redis =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs });

/**
 * BullMQ duplicates the connection that it is given, for what blocks, and keeps the duplicate to itself.
 *
 * @returns disconnects the connection and its duplicates for good
 */
export function trackDuplicates(redis: Redis): () => void {
  const connections = [redis];
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const copy = duplicate(override);
    connections.push(copy);
    return copy;
  };
  return () => connections.forEach((connection) => connection.disconnect());
}

const reconnectDelayMs = (tries: number): number => Math.min(50 * 2 ** tries, 1000);

/** Resolves when commands can be sent; rejects if that takes longer than `timeoutMs`. */
export async function whenReady(redis: Redis, timeoutMs = 10_000): Promise<void> {
  if (redis.status === 'ready') return;
  // A first try that fails is followed by others.
  if (redis.status === 'wait') redis.connect().catch(() => undefined);
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => settle(() => reject(new Error(`Redis did not answer within ${timeoutMs} ms`))), timeoutMs);
    const onReady = (): void => settle(resolve);
    redis.once('ready', onReady);
    function settle(end: () => void): void {
      clearTimeout(timer);
      redis.off('ready', onReady);
      end();
    }
  });
}
