const syncPrefix = 'order-sync.';

/** BullMQ queues. Between queues the isolation is the queue: an API that is down fills its own. */
export const queueNames = {
  orderStatus: 'order-status',
  notifications: 'notifications',
  maintenance: 'maintenance',
} as const;

/** One queue per external API, so that BullMQ's own limiter and concurrency are per API. */
export const syncQueueName = (destination: string): string => `${syncPrefix}${destination}`;

/** The destination that a queue serves; undefined for the queues that serve none. */
export const destinationOfQueue = (queue: string): string | undefined =>
  queue.startsWith(syncPrefix) ? queue.slice(syncPrefix.length) : undefined;
