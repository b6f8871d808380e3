import { isAppError } from '@orderly/errors';
import { Redis } from 'ioredis';
import { explainRefusal } from './redis-check';

/** Longest wait for the answer to a command, in ms. On a silent connection a command would otherwise wait for minutes. */
const defaultCommandTimeoutMs = 5000;

/**
 * Connects for calls that must fail at once while Redis is away, so that no commands pile up in memory. The sweep later repairs
 * what such a call left undone.
 */
export const connectForCalls = (url: string, lazyConnect = false, commandTimeoutMs = defaultCommandTimeoutMs): Redis =>
  new Redis(url, {
    lazyConnect,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: isDemoted,
  });

/** Connects for BullMQ's workers, which wait for Redis as long as it is away. */
export const connectForWorker = (url: string): Redis =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs, reconnectOnError: isDemoted });

/**
 * BullMQ duplicates the given connection for blocking commands and does not expose the duplicate, so its
 * owner could not disconnect it.
 *
 * @returns a function that disconnects the connection and its duplicates for good
 */
export function trackDuplicates(redis: Redis): () => void {
  const connections = [redis];
  const duplicate = redis.duplicate.bind(redis);
  redis.duplicate = (override) => {
    const copy = duplicate(override);
    connections.push(copy);
    return copy;
  };
  return () => {
    // BullMQ has closed the duplicates by then, if Redis answers. Disconnecting those again would leave a timer of ioredis for 2 s.
    for (const connection of connections.filter(({ status }) => status !== 'end')) {
      const isBetweenTries = connection.status === 'reconnecting';
      connection.disconnect();
      // ioredis does not say so itself, and BullMQ's close, which waits for it, would keep its timers for ever.
      if (isBetweenTries) connection.emit('end');
    }
  };
}

/** 100, 200, 400, 800, then 1000 ms: at most a second is lost when Redis is back. */
const reconnectDelayMs = (tries: number): number => Math.min(50 * 2 ** tries, 1000);

/**
 * After a failover the old primary may keep its connections and refuse every write. Only a new connection reaches the new
 * primary. READONLY may be anywhere in the text, because the error of a script begins with other words.
 */
const isDemoted = ({ message }: Error): boolean => /\bREADONLY\b/.test(message);

/**
 * Resolves when commands can be sent.
 *
 * @throws ConfigurationError as soon as the server refuses access
 * @throws the last error of the connection after `timeoutMs`, which is 10 s by default
 * @throws the signal's reason when it is aborted
 */
export async function whenReady(redis: Redis, { timeoutMs = 10_000, signal }: WaitOptions = {}): Promise<void> {
  if (redis.status === 'ready') return;
  const timeout = AbortSignal.timeout(timeoutMs);
  const end = signal ? AbortSignal.any([signal, timeout]) : timeout;
  end.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let lastError = new Error(`Redis did not answer within ${timeoutMs} ms`);
  const onError = (error: Error): void => {
    lastError = explainRefusal(error);
    // A refusal stays until a person changes a setting, so waiting is pointless.
    if (isAppError(lastError)) reject(lastError);
  };
  const onEnd = (): void => reject(signal?.aborted ? (signal.reason as Error) : lastError);
  redis.on('error', onError);
  redis.once('ready', resolve);
  end.addEventListener('abort', onEnd);
  // If the first try fails, ioredis makes others by itself.
  if (redis.status === 'wait') redis.connect().catch(() => undefined);
  try {
    await promise;
  } finally {
    redis.off('error', onError);
    redis.off('ready', resolve);
    end.removeEventListener('abort', onEnd);
  }
}

interface WaitOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}
