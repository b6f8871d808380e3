/** The order of the jobs of one queue: 1 runs first. In BullMQ a job *without* a priority runs before all of them. */
export const jobPriority = {
  /** System health, alerts. */
  critical: 1,
  /** New orders, messages to customers. */
  high: 2,
  /** Status changes, synchronisation. */
  normal: 3,
  /** Cleanup, analytics. */
  low: 4,
} as const;

export type JobPriority = keyof typeof jobPriority;

/**
 * Number and delays of retries. Before jitter the delays are 2, 4, 8, 16 s. A partner's `Retry-After` takes precedence.
 */
export const retryConfig = {
  /** All tries, including the first. Throttled, held, parked and handed-back runs use none. */
  attempts: 5,
  backoff: {
    type: 'exponential',
    /** Delay before the second attempt, in ms. */
    delay: 2000,
    multiplier: 2,
    /** Random share of the delay, added or subtracted, so that jobs that failed together do not retry together. */
    jitter: 0.2,
    /** Longest delay in ms, for all attempts. */
    maxDelay: 60_000,
  },
  /** An older open job becomes a dead letter `job-expired` at its next failure. */
  maxAgeHours: 72,
} as const;

export type RetryConfig = typeof retryConfig;
