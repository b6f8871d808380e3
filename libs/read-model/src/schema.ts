import type { AlertCause, OrderEventType, OrderStatus } from '@orderly/contracts';
import {
  bigint,
  boolean,
  customType,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  smallint,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';
import type { AuditAction } from '@orderly/ledger';

// The tables as drizzle-orm sees them. The SQL in libs/migrations/sql creates them, because drizzle does not support partitions.
// An integration test compares the two. The columns are explained in the SQL; comments here name units and dangers only.

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const moment = (name: string) => timestamp(name, { withTimezone: true });

/** Ensures that `(source, id)` is unique. Keys are kept for longer than their events, so that late repeats are recognised. */
export const eventKeys = pgTable(
  'event_keys',
  {
    source: text('source').notNull(),
    id: text('id').notNull(),
    eventId: uuid('event_id').notNull(),
    orderId: text('order_id').notNull(),
    bodyHash: bytea('body_hash').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.source, table.id] })],
);

/** Events as accepted. */
export const events = pgTable('events', {
  eventId: uuid('event_id').notNull().primaryKey(),
  /** The order of acceptance over all gateways. Numbers may be missing. */
  acceptance: bigint('acceptance', { mode: 'number' }).notNull(),
  source: text('source').notNull(),
  id: text('id').notNull(),
  type: text('type').$type<OrderEventType>().notNull(),
  orderId: text('order_id').notNull(),
  occurredAt: moment('occurred_at').notNull(),
  data: jsonb('data').notNull(),
  notify: boolean('notify').notNull().default(true),
  batch: text('batch'),
  traceparent: text('traceparent'),
  tracestate: text('tracestate'),
  acceptedAt: moment('accepted_at').notNull().defaultNow(),
  actor: text('actor').notNull().default('unknown'),
  apiKeyId: uuid('api_key_id'),
  onBehalfOf: text('on_behalf_of'),
  manual: boolean('manual').notNull().default(false),
  expectedVersion: integer('expected_version'),
});

/** Our state of each order. A row without status is a placeholder for an order whose `order.created` has not been applied. */
export const orders = pgTable('orders', {
  orderId: text('order_id').notNull().primaryKey(),
  status: text('status').$type<OrderStatus>(),
  version: integer('version').notNull().default(0),
  data: jsonb('data').notNull().default({}),
  /** When the last writer of each top-level key of `data` occurred: an older event must not overwrite the key. */
  keyTimes: jsonb('key_times').notNull().default({}),
  statusOccurredAt: moment('status_occurred_at'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** One row per version: the status history, and the data of each version. */
export const orderChanges = pgTable(
  'order_changes',
  {
    orderId: text('order_id').notNull(),
    version: integer('version').notNull(),
    fromStatus: text('from_status').$type<OrderStatus>(),
    toStatus: text('to_status').$type<OrderStatus>().notNull(),
    skipped: text('skipped').array().$type<OrderStatus[]>().notNull().default([]),
    occurredAt: moment('occurred_at').notNull(),
    reason: text('reason'),
    eventId: uuid('event_id').notNull(),
    /** The order's data from this version on; null if the version before has the same data. */
    data: jsonb('data'),
    appliedAt: moment('applied_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.version] })],
);

/** Units of background work. Dead letters are ended jobs with the outcome `dead`. */
export const jobs = pgTable('jobs', {
  id: uuid('id').notNull().primaryKey(),
  name: text('name').notNull(),
  queue: text('queue').notNull(),
  priority: smallint('priority').notNull(),
  payload: jsonb('payload').notNull(),
  state: text('state').notNull(),
  waitReason: text('wait_reason'),
  runAt: moment('run_at').notNull().defaultNow(),
  orderId: text('order_id'),
  destination: text('destination'),
  version: integer('version'),
  batch: text('batch'),
  attemptsUsed: smallint('attempts_used').notNull().default(0),
  /** All claims, including those that used no attempt. Numbers the rows of `attempts`. */
  tries: integer('tries').notNull().default(0),
  crashes: smallint('crashes').notNull().default(0),
  /** An earlier try may have taken effect, so a final failure ends the job `unknown` and not `dead`. */
  inDoubt: boolean('in_doubt').notNull().default(false),
  claimToken: uuid('claim_token'),
  claimedBy: uuid('claimed_by'),
  claimedAt: moment('claimed_at'),
  /** The version that the running try sends. */
  intentVersion: integer('intent_version'),
  /** Raised by a redrive, so that its request has a new idempotency key. */
  epoch: smallint('epoch').notNull().default(0),
  outcome: text('outcome'),
  resultVersion: integer('result_version'),
  errorCode: text('error_code'),
  errorMessage: text('error_message'),
  detail: jsonb('detail'),
  fingerprint: text('fingerprint'),
  traceparent: text('traceparent'),
  tracestate: text('tracestate'),
  createdAt: moment('created_at').notNull().defaultNow(),
  endedAt: moment('ended_at'),
  /** The operation that last sent the job again. */
  operationId: uuid('operation_id'),
  /** When a person last sent the job again. Its age counts from then. */
  redrivenAt: moment('redriven_at'),
});

/** The log of each try of a job. */
export const attempts = pgTable(
  'attempts',
  {
    jobId: uuid('job_id').notNull(),
    number: integer('number').notNull(),
    startedAt: moment('started_at').notNull(),
    endedAt: moment('ended_at').notNull().defaultNow(),
    outcome: text('outcome').notNull(),
    usedAttempt: boolean('used_attempt').notNull(),
    errorClass: text('error_class'),
    errorCode: text('error_code'),
    errorMessage: text('error_message'),
    versionSent: integer('version_sent'),
    responseStatus: integer('response_status'),
    responseExcerpt: text('response_excerpt'),
    confirmationId: text('confirmation_id'),
    traceId: text('trace_id'),
    processId: uuid('process_id'),
  },
  (table) => [primaryKey({ columns: [table.jobId, table.number] })],
);

/** Notifications. The id is also that of the job that sends the message. */
export const messages = pgTable('messages', {
  id: uuid('id').notNull().primaryKey(),
  orderId: text('order_id').notNull(),
  version: integer('version').notNull(),
  kind: text('kind').notNull(),
  channel: text('channel').notNull(),
  recipient: text('recipient'),
  state: text('state').notNull(),
  providerId: text('provider_id'),
  reason: text('reason'),
  batch: text('batch'),
  createdAt: moment('created_at').notNull().defaultNow(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** How far each destination has been told about each order. */
export const lanes = pgTable(
  'lanes',
  {
    orderId: text('order_id').notNull(),
    destination: text('destination').notNull(),
    head: uuid('head'),
    ackedVersion: integer('acked_version').notNull().default(0),
    blockedBy: uuid('blocked_by'),
    updatedAt: moment('updated_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.orderId, table.destination] })],
);

/** Recorded reasons why a queue, destination or order waits. */
export const holds = pgTable(
  'holds',
  {
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    reason: text('reason').notNull(),
    until: moment('until').notNull(),
    since: moment('since').notNull().defaultNow(),
    note: text('note'),
    actor: text('actor'),
    onBehalfOf: text('on_behalf_of'),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

/** Heartbeats of the processes that claim jobs. */
export const processes = pgTable('processes', {
  id: uuid('id').notNull().primaryKey(),
  service: text('service').notNull(),
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  startedAt: moment('started_at').notNull().defaultNow(),
  beatAt: moment('beat_at').notNull().defaultNow(),
  queues: text('queues').array().notNull().default([]),
});

/** Leases for work that only one process at a time may do, such as sweeping a queue. */
export const leases = pgTable('leases', {
  name: text('name').notNull().primaryKey(),
  holder: uuid('holder').notNull(),
  until: moment('until').notNull(),
});

/** Runs of cleanup tasks. */
export const cleanupRuns = pgTable('cleanup_runs', {
  id: uuid('id').notNull().primaryKey(),
  task: text('task').notNull(),
  scheduledFor: moment('scheduled_for').notNull(),
  state: text('state').notNull(),
  startedAt: moment('started_at'),
  endedAt: moment('ended_at'),
  rows: bigint('rows', { mode: 'number' }).notNull().default(0),
  bytes: bigint('bytes', { mode: 'number' }).notNull().default(0),
  detail: jsonb('detail').notNull().default({}),
  createdAt: moment('created_at').notNull().defaultNow(),
});

/** Positions of cleanups that walk a large table over several runs. */
export const cleanupCursors = pgTable('cleanup_cursors', {
  name: text('name').primaryKey(),
  position: uuid('position').notNull(),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** The settings of each destination that decide about its lanes, as its worker last read them from the destinations file. */
export const destinations = pgTable('destinations', {
  name: text('name').notNull().primaryKey(),
  mode: text('mode').notNull(),
  onDeadHead: text('on_dead_head').notNull(),
  declared: boolean('declared').notNull().default(true),
  updatedAt: moment('updated_at').notNull().defaultNow(),
});

/** Work that was requested over HTTP and that workers carry out step by step. */
export const operations = pgTable('operations', {
  id: uuid('id').notNull().primaryKey(),
  kind: text('kind').notNull(),
  state: text('state').notNull(),
  phase: text('phase').notNull(),
  filter: jsonb('filter').notNull(),
  perSecond: integer('per_second').notNull(),
  first: integer('first'),
  canaries: jsonb('canaries'),
  heldBack: text('held_back').array().notNull().default([]),
  position: uuid('position'),
  matched: integer('matched').notNull(),
  sent: integer('sent').notNull().default(0),
  superseded: integer('superseded').notNull().default(0),
  skipped: integer('skipped').notNull().default(0),
  reason: text('reason'),
  actor: text('actor').notNull(),
  apiKeyId: uuid('api_key_id'),
  onBehalfOf: text('on_behalf_of'),
  traceId: text('trace_id'),
  createdAt: moment('created_at').notNull().defaultNow(),
  nextAt: moment('next_at').notNull().defaultNow(),
  endedAt: moment('ended_at'),
});

/** What operators are to be told, by the fingerprint of the alert. */
export const alertWindows = pgTable('alert_windows', {
  fingerprint: text('fingerprint').primaryKey(),
  cause: text('cause').$type<AlertCause>().notNull(),
  subject: text('subject').notNull(),
  pending: integer('pending').notNull(),
  firstAt: moment('first_at').notNull(),
  lastAt: moment('last_at').notNull(),
  code: text('code'),
  exampleId: uuid('example_id'),
  detail: text('detail'),
  toldAt: moment('told_at'),
});

/** API keys. Only a hash is stored; the prefix identifies the key. */
export const apiKeys = pgTable('api_keys', {
  id: uuid('id').notNull().primaryKey(),
  name: text('name').notNull(),
  prefix: text('prefix').notNull(),
  hash: bytea('hash').notNull(),
  scopes: text('scopes').array().notNull(),
  createdAt: moment('created_at').notNull().defaultNow(),
  expiresAt: moment('expires_at'),
  revokedAt: moment('revoked_at'),
  lastUsedAt: moment('last_used_at'),
  requestsPerMinute: integer('requests_per_minute'),
});

/** Answers of requests that carried an `Idempotency-Key`. */
export const idempotencyKeys = pgTable(
  'idempotency_keys',
  {
    scope: text('scope').notNull(),
    key: text('key').notNull(),
    fingerprint: bytea('fingerprint').notNull(),
    status: smallint('status').notNull(),
    headers: jsonb('headers').notNull().default({}),
    body: text('body').notNull(),
    createdAt: moment('created_at').notNull().defaultNow(),
    expiresAt: moment('expires_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.key] })],
);

/** The audit trail. Triggers refuse updates and deletes. */
export const audit = pgTable('audit', {
  id: uuid('id').notNull().primaryKey(),
  at: moment('at').notNull().defaultNow(),
  action: text('action').$type<AuditAction>().notNull(),
  orderId: text('order_id'),
  eventId: uuid('event_id'),
  source: text('source'),
  fromStatus: text('from_status').$type<OrderStatus>(),
  toStatus: text('to_status').$type<OrderStatus>(),
  version: integer('version'),
  reason: text('reason'),
  code: text('code'),
  subject: text('subject'),
  actor: text('actor').notNull(),
  apiKeyId: uuid('api_key_id'),
  onBehalfOf: text('on_behalf_of'),
  traceId: text('trace_id'),
  detail: jsonb('detail'),
});
