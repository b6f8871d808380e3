import { isAppError } from '@orderly/errors';
import { Redis } from 'ioredis';
import { explainRefusal } from './redis-check';

/** Longest wait for the answer of a command that nobody may wait for, in ms. */
const defaultCommandTimeoutMs = 5000;

/** For calls that fail at once while Redis is away, because the sweep repairs what they leave undone: nothing queues in memory. */
export const connectForCalls = (url: string, lazyConnect = false, commandTimeoutMs = defaultCommandTimeoutMs): Redis =>
  new Redis(url, {
    lazyConnect,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    retryStrategy: reconnectDelayMs,
    reconnectOnError: isDemoted,
  });

/** For BullMQ's workers, which wait for Redis as long as it takes. */
export const connectForWorker = (url: string): Redis =>
  new Redis(url, { maxRetriesPerRequest: null, retryStrategy: reconnectDelayMs, reconnectOnError: isDemoted });

/**
 * BullMQ duplicates the connection that it is given, for commands that block, and keeps the duplicate to itself.
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

/**
 * After a failover the old primary may keep its connections and refuse every write. Only a new connection finds the new primary.
 * A script's error names the reason further on in its text.
 */
const isDemoted = ({ message }: Error): boolean => /\bREADONLY\b/.test(message);

/**
 * Resolves when commands can be sent.
 *
 * @throws ConfigurationError as soon as the server refuses us; the last error of the connection after `timeoutMs`; the signal's
 * reason when it is aborted
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
    // Waiting changes nothing where a person has to change a setting.
    if (isAppError(lastError)) reject(lastError);
  };
  const onEnd = (): void => reject(signal?.aborted ? (signal.reason as Error) : lastError);
  redis.on('error', onError);
  redis.once('ready', resolve);
  end.addEventListener('abort', onEnd);
  // A first try that fails is followed by others.
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
