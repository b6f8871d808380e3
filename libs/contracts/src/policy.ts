/** The order in which the jobs of one queue run: 1 before 4. In BullMQ a job *without* a priority overtakes them all. */
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
 * How often and how late a failed job is tried again. Before jitter the delays are 2, 4, 8, 16 s.
 * A partner's `Retry-After` wins over them.
 */
export const retryConfig = {
  /** Tries in all, the first included. Throttled, held, parked and handed-back runs use none. */
  attempts: 5,
  backoff: {
    type: 'exponential',
    /** Before the second attempt, in ms. */
    delay: 2000,
    multiplier: 2,
    /** Share of the delay by which it is moved at random, so that jobs that failed together do not return together. */
    jitter: 0.2,
    /** Longest delay in ms, whatever the attempt. */
    maxDelay: 60_000,
  },
  /** An open job older than this ends as a dead letter `job-expired` at its next failure. */
  maxAgeHours: 72,
} as const;

export type RetryConfig = typeof retryConfig;
