import { applyOrderEvent, cleanupTasks, EmailAddress, sendNotification } from '@orderly/contracts';
import { z } from 'zod';
import { integer, oneOf, serverUrl } from './variables';

/** PostgreSQL, the ledger. `poolSize` limits the connections of this process; each one costs the server memory. */
export const databaseConfig = z
  .object({ DATABASE_URL: serverUrl('postgres', 'postgresql'), DATABASE_POOL_SIZE: integer({ min: 1, max: 1000, fallback: 10 }) })
  .transform((env) => ({ url: env.DATABASE_URL, poolSize: env.DATABASE_POOL_SIZE }));

/** The database to migrate. Use a direct URL: PgBouncer in transaction mode would lose the session lock of the migration. */
export const migrationConfig = z
  .object({
    DATABASE_URL: serverUrl('postgres', 'postgresql'),
    DATABASE_DIRECT_URL: serverUrl('postgres', 'postgresql').optional(),
  })
  .transform((env) => ({ url: env.DATABASE_DIRECT_URL ?? env.DATABASE_URL }));

/** Redis or Valkey, the engine. */
export const redisConfig = z.object({ REDIS_URL: serverUrl('redis', 'rediss') }).transform((env) => ({ url: env.REDIS_URL }));

/** The address of `/livez`, `/readyz` and `/metrics`. Port 0 picks any free port. */
export const adminConfig = z
  .object({ ADMIN_HOST: z.string().default('0.0.0.0'), ADMIN_PORT: port(9090) })
  .transform((env) => ({ host: env.ADMIN_HOST, port: env.ADMIN_PORT }));

/** The lowest level that is logged. */
export const logConfig = z
  .object({ LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info') })
  .transform((env) => ({ level: env.LOG_LEVEL }));

/**
 * How long a service may take to stop after SIGTERM. Must be shorter than the pod's grace period: Kubernetes kills the process at
 * the end of that, and every job in flight is lost.
 */
export const shutdownConfig = z
  .object({ SHUTDOWN_TIMEOUT_MS: shutdownTimeout() })
  .transform((env) => ({ timeoutMs: env.SHUTDOWN_TIMEOUT_MS }));

/** BullMQ's key prefix. All services of an installation need the same one: a worker does not see jobs under another prefix. */
export const queueConfig = z
  .object({
    ORDERLY_QUEUE_PREFIX: z
      .string()
      .regex(/^[\w{}.-]{1,64}$/, 'must be 1 to 64 letters, digits, dots, hyphens, underscores or braces')
      .default('orderly'),
  })
  .transform((env) => ({ prefix: env.ORDERLY_QUEUE_PREFIX }));

/** The configuration that all workers share. */
export const workerFragments = {
  database: databaseConfig,
  redis: redisConfig,
  admin: adminConfig,
  log: logConfig,
  shutdown: shutdownConfig,
  queue: queueConfig,
} as const;

/**
 * Where api-gateway serves its API. Port 0 takes any free one.
 *
 * `drainDelayMs`: how long it goes on serving new connections after SIGTERM, while load balancers learn that it is not ready. At most half
 * of the shutdown timeout.
 */
export const gatewayHttpConfig = z
  .object({
    HOST: z.string().default('0.0.0.0'),
    PORT: port(3000),
    SHUTDOWN_DRAIN_DELAY_MS: integer({ min: 0, max: 3_600_000, fallback: 5000 }),
    SHUTDOWN_TIMEOUT_MS: shutdownTimeout(),
  })
  .transform((env) => ({
    host: env.HOST,
    port: env.PORT,
    // The rest is for the requests that are still in flight after the delay.
    drainDelayMs: Math.min(env.SHUTDOWN_DRAIN_DELAY_MS, env.SHUTDOWN_TIMEOUT_MS / 2),
  }));

/**
 * api-gateway: how long the answer to a request with an `Idempotency-Key` is kept. Must exceed the longest retry window of any
 * sender; a later retry runs again.
 */
export const idempotencyConfig = z
  .object({ IDEMPOTENCY_RETENTION_HOURS: integer({ min: 24, max: 8760, fallback: 7 * 24 }) })
  .transform((env) => ({ retentionHours: env.IDEMPOTENCY_RETENTION_HOURS }));

/**
 * Thresholds above which api-gateway refuses requests instead of answering late. 0 switches a threshold off.
 *
 * - `eventLoopDelayMs`: mean delay of the event loop over one second
 * - `heapPercent`: share of V8's heap limit that is in use
 * - `poolWaiting`: number of requests that wait for a connection to PostgreSQL; about what one pool serves in two seconds, so that
 *   a burst that can be served in time is not refused
 * - `poolWaitMs`: how long the first of them has waited. A request times out after 3 s, so one that has waited for 2 s has little
 *   chance left.
 * - `intakeWaiting`: events that wait to be stored
 * - `intakeWaitMs`: how long a request with events may wait for its turn. After that it is dropped unstored; the other half of its
 *   3 s is for the statement that stores it.
 */
export const overloadConfig = z
  .object({
    OVERLOAD_EVENT_LOOP_DELAY_MS: integer({ min: 0, max: 60_000, fallback: 1000 }),
    OVERLOAD_HEAP_PERCENT: integer({ min: 0, max: 100, fallback: 90 }),
    OVERLOAD_POOL_WAITING: integer({ min: 0, max: 100_000, fallback: 2000 }),
    OVERLOAD_POOL_WAIT_MS: integer({ min: 0, max: 60_000, fallback: 2000 }),
    OVERLOAD_INTAKE_WAITING: integer({ min: 0, max: 1_000_000, fallback: 5000 }),
    OVERLOAD_INTAKE_WAIT_MS: integer({ min: 0, max: 60_000, fallback: 1500 }),
  })
  .transform((env) => ({
    eventLoopDelayMs: env.OVERLOAD_EVENT_LOOP_DELAY_MS,
    heapPercent: env.OVERLOAD_HEAP_PERCENT,
    poolWaiting: env.OVERLOAD_POOL_WAITING,
    poolWaitMs: env.OVERLOAD_POOL_WAIT_MS,
    intakeWaiting: env.OVERLOAD_INTAKE_WAITING,
    intakeWaitMs: env.OVERLOAD_INTAKE_WAIT_MS,
  }));

/** status-worker: jobs at once in this process, and what happens to a parked event whose missing step does not arrive. */
export const orderStatusConfig = z
  .object({
    ORDER_STATUS_CONCURRENCY: concurrency(applyOrderEvent.policy.concurrency),
    PARKED_DEADLINE_SECONDS: integer({ min: 1, max: 31_536_000, fallback: 900 }),
    PARKED_AT_DEADLINE: oneOf(['apply', 'dead-letter'], 'dead-letter'),
  })
  .transform((env) => ({
    concurrency: env.ORDER_STATUS_CONCURRENCY,
    parkedDeadlineMs: env.PARKED_DEADLINE_SECONDS * 1000,
    parkedAtDeadline: env.PARKED_AT_DEADLINE,
  }));

/** The file that declares the destinations. Without it there are none, and status-worker creates no `sync-order` jobs. */
export const orderSyncConfig = z
  .object({ ORDERLY_DESTINATIONS_FILE: z.string().optional() })
  .transform((env) => ({ destinationsFile: env.ORDERLY_DESTINATIONS_FILE }));

/** order-sync-worker: the destinations that this process serves. Undefined: every destination of the file. */
export const servedDestinationsConfig = z
  .object({
    ORDERLY_DESTINATIONS: z
      .string()
      .transform((list) => list.split(',').map((name) => name.trim()))
      .refine((names) => !names.includes(''), 'must be names of destinations, separated by commas')
      .optional(),
  })
  .transform((env) => ({ names: env.ORDERLY_DESTINATIONS }));

/** notification-worker: jobs at once in this process, the mail server and the sender. */
export const notificationsConfig = z
  .object({
    NOTIFICATIONS_CONCURRENCY: concurrency(sendNotification.policy.concurrency),
    SMTP_URL: serverUrl('smtp', 'smtps'),
    MAIL_FROM: z
      .string('is not set')
      .regex(
        /^(("[^"\r\n]*"|[^<>",;:\r\n]*) <[^\s<>@,]+@[^\s<>@,]+>|[^\s<>@,]+@[^\s<>@,]+)$/,
        'must be an address such as Orderly <orders@example.com>',
      ),
  })
  .transform((env) => ({ concurrency: env.NOTIFICATIONS_CONCURRENCY, smtpUrl: env.SMTP_URL, mailFrom: env.MAIL_FROM }));

const alertVariables = z.object({
  ORDERLY_ALERTS_FILE: z.string().optional(),
  ORDERLY_ALERTS_WEBHOOK_URL: serverUrl('https').optional(),
  ORDERLY_ALERTS_MAIL_TO: z
    .string()
    .transform((list) => list.split(',').map((address) => address.trim()))
    .refine(
      (list) => list.every((address) => EmailAddress.safeParse(address).success),
      'must be e-mail addresses, separated by commas',
    )
    .optional(),
});

/** notification-worker: how operators are told what is wrong, by a file or by two variables. Without them nobody is told. */
export const alertsConfig = alertVariables
  .refine((env) => !env.ORDERLY_ALERTS_FILE || !(env.ORDERLY_ALERTS_WEBHOOK_URL || env.ORDERLY_ALERTS_MAIL_TO), {
    path: ['ORDERLY_ALERTS_FILE'],
    message: 'must not be set together with ORDERLY_ALERTS_WEBHOOK_URL or ORDERLY_ALERTS_MAIL_TO: the file may hold both',
  })
  .transform((env) => ({
    file: env.ORDERLY_ALERTS_FILE,
    webhookUrl: env.ORDERLY_ALERTS_WEBHOOK_URL,
    mailTo: env.ORDERLY_ALERTS_MAIL_TO,
  }));

/** api-gateway: so many wrong API keys or forged webhooks within a minute, in one process, raise an alert. 0 raises none. */
export const intrusionConfig = z
  .object({ ALERT_REFUSALS_PER_MINUTE: integer({ min: 0, max: 1_000_000, fallback: 100 }) })
  .transform((env) => ({ refusalsPerMinute: env.ALERT_REFUSALS_PER_MINUTE }));

/** cleanup-cron: tasks at once in this process. */
export const maintenanceConfig = z
  .object({ MAINTENANCE_CONCURRENCY: concurrency(cleanupTasks['expire-tokens'].policy.concurrency) })
  .transform((env) => ({ concurrency: env.MAINTENANCE_CONCURRENCY }));

/** A producer that sends an event again within this time is told that it is a duplicate, however short the retention is. */
const minKeyDays = 90;

/**
 * cleanup-cron: how long rows are kept, and how far ahead partitions are made.
 *
 * - `retentionDays`: events, jobs, attempts, messages and runs of cleanup tasks
 * - `auditRetentionDays`: the audit trail; a year and the weeks in which people still ask about its beginning
 * - `keyRetentionDays`: an event that a producer sends again within this time is recognised as a duplicate
 * - `weeksAhead`: the weekly task may fail so many times before rows land in a default partition
 */
export const retentionConfig = z
  .object({
    RETENTION_DAYS: integer({ min: 7, max: 3650, fallback: 90 }),
    AUDIT_RETENTION_DAYS: integer({ min: 7, max: 3650, fallback: 400 }),
    // Unset is 0: then the default follows RETENTION_DAYS.
    EVENT_KEY_RETENTION_DAYS: integer({ min: minKeyDays, max: 3650, fallback: 0 }),
    PARTITION_WEEKS_AHEAD: integer({ min: 2, max: 52, fallback: 8 }),
  })
  .transform((env) => ({
    retentionDays: env.RETENTION_DAYS,
    auditRetentionDays: env.AUDIT_RETENTION_DAYS,
    keyRetentionDays: env.EVENT_KEY_RETENTION_DAYS || Math.max(minKeyDays, env.RETENTION_DAYS),
    weeksAhead: env.PARTITION_WEEKS_AHEAD,
  }))
  .refine(({ keyRetentionDays, retentionDays }) => keyRetentionDays >= retentionDays, {
    path: ['EVENT_KEY_RETENTION_DAYS'],
    message: 'must be at least RETENTION_DAYS',
  });

function port(fallback: number): z.ZodType<number> {
  return integer({ min: 0, max: 65_535, fallback });
}

function shutdownTimeout(): z.ZodType<number> {
  return integer({ min: 1, max: 3_600_000, fallback: 20_000 });
}

function concurrency(fallback: number): z.ZodType<number> {
  return integer({ min: 1, max: 1000, fallback });
}
