const syncPrefix = 'order-sync.';

/** BullMQ queues. Each is isolated from the others: if an API is down, only its own queue fills. */
export const queueNames = {
  orderStatus: 'order-status',
  notifications: 'notifications',
  maintenance: 'maintenance',
} as const;

/** One queue per external API, because BullMQ's limiter and concurrency are per queue. */
export const syncQueueName = (destination: string): string => `${syncPrefix}${destination}`;

/** The destination of a queue; undefined for queues without one. */
export const destinationOfQueue = (queue: string): string | undefined =>
  queue.startsWith(syncPrefix) ? queue.slice(syncPrefix.length) : undefined;
