import { z } from 'zod';

/** What an alert can be about. Add new causes here; jobs with the old names may still wait, so never rename one. */
export const alertCauses = [
  /** Jobs failed for good. The subject is their fingerprint. */
  'dead-letters',
  /** A job took its process down three times. The subject is its fingerprint. */
  'poison-job',
  /** Nothing is sent to a destination until a probe succeeds, as after 401, 403 or 410. */
  'destination-held',
  'destination-released',
  /** The same for the jobs of a queue without a destination. */
  'queue-held',
  'queue-released',
  /** A destination does not answer, or fails for several orders. */
  'breaker-opened',
  'breaker-closed',
  /** A cleanup task did not start when it was due. The subject is the task. */
  'schedule-missed',
  /** Redis may delete keys, because its policy is not `noeviction`. */
  'redis-evicting',
  /** Redis is near its memory limit. */
  'redis-memory',
  /** Many requests had a wrong API key. */
  'wrong-api-keys',
  /** Many webhooks had a signature that does not prove the sender. The subject is the platform. */
  'forged-webhooks',
] as const;

export const AlertCause = z.enum(alertCauses);
export type AlertCause = z.infer<typeof AlertCause>;

/** The ways to reach operators. */
export const AlertChannel = z.enum(['webhook', 'mail']);
export type AlertChannel = z.infer<typeof AlertChannel>;
