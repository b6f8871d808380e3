import { NotificationKind, sendNotification, syncOrder, type Actor, type OrderEvent, type OrderStatus } from '@orderly/contracts';
import {
  newJob,
  type AttemptLog,
  type ClaimedJob,
  type DueJob,
  type Ledger,
  type NewJob,
  type OrderVersion,
  type Settlement,
  type Verdict,
} from '@orderly/jobs';
import { applyEvents, targetStatus, type AppliedDecision, type DeadlinePolicy } from '@orderly/orders';
import { createTestDatabase } from '@orderly/testing';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { v7 as uuidv7 } from 'uuid';
import { createDatabase, type Database, type DatabaseOptions } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import { acceptEvents, type AcceptedEvent } from './intake/accept-events';
import type { FollowUps, PlannedEvent, PlanOrder } from './orders/order-plan';
import type { UnappliedEvent } from './orders/read-orders';
import { claimJobs } from './jobs/claim-jobs';
import { createClaimLedger, type LedgerOptions } from './jobs/ledger';
import { createProcessRegistry } from './jobs/process-registry';

/** A private ledger of a test. */
export interface LedgerDatabase {
  readonly url: string;
  readonly db: Database;
  /** Opens more connections, like those of another process, by default a worker. {@link LedgerDatabase.close} closes them. */
  connect(poolSize?: number, options?: Pick<DatabaseOptions, 'preparesStatements'>): Database;
  /** Closes every connection and removes the database. */
  close(): Promise<void>;
}

/** The SQL files of the ledger's schema. */
export const migrationsFolder = join(__dirname, '../../migrations/sql');

/** Rows that take long to create. Files that use the same name share one template, which is filled once per run. */
export type LedgerContent = { readonly name: string; readonly fill: (db: Database) => Promise<void> };

/** A ledger with the newest schema, in some 50 ms; empty without `content`. Needs the PostgreSQL of the run, so only `.int-spec.ts` files can use it. */
export async function createLedgerDatabase(content?: LedgerContent): Promise<LedgerDatabase> {
  const { url, drop } = await createTestDatabase(async (template) => {
    await migrate(template, migrationsFolder);
    if (!content) return;
    const db = createDatabase({ url: template, poolSize: 1, applicationName: 'test' });
    await content.fill(db).finally(() => db.close());
  }, content?.name);
  const opened: Database[] = [];
  const connect = (poolSize = 4, { preparesStatements = true }: Pick<DatabaseOptions, 'preparesStatements'> = {}): Database => {
    const db = createDatabase({ url, poolSize, applicationName: 'test', preparesStatements });
    opened.push(db);
    return db;
  };
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((db) => db.close()));
    await drop();
  };
  return { url, db: connect(8), connect, close };
}

/** An `order.created` of order-1 at 2026-01-01T00:00:00.000Z with a unique id, and with overrides. */
export const buildEvent = (overrides: Partial<OrderEvent> = {}): OrderEvent =>
  ({
    id: uuidv7(),
    source: 'shop',
    type: 'order.created',
    orderId: 'order-1',
    occurredAt: '2026-01-01T00:00:00.000Z',
    data: { currency: 'EUR', customer: { id: 'c-1', email: 'c-1@example.org' } },
    ...overrides,
  }) as OrderEvent;

/** Who sends the events of tests. */
export const testActor: Actor = { name: 'test', apiKeyId: null, onBehalfOf: null };

/** An event as the gateway passes it to the intake: one of {@link buildEvent} without batch and trace, with overrides. */
export function buildAccepted(overrides: Partial<OrderEvent> = {}, rest: Partial<AcceptedEvent> = {}): AcceptedEvent {
  const event = buildEvent(overrides);
  const bodyHash = createHash('sha256').update(JSON.stringify(event)).digest();
  return { event, bodyHash, batch: null, traceparent: null, tracestate: null, actor: testActor, ...rest };
}

/** Accepts events, and returns their ids, which are also those of their jobs. */
export async function acceptAll(
  db: Database,
  events: readonly Partial<OrderEvent>[],
  batch: string | null = null,
): Promise<string[]> {
  const results = await acceptEvents(
    db,
    events.map((event) => buildAccepted(event, { batch })),
  );
  return results.map(({ eventId }) => eventId);
}

/** Accepts one event; see {@link acceptAll}. */
export const acceptEvent = async (db: Database, event: Partial<OrderEvent> = {}): Promise<string> =>
  (await acceptAll(db, [event]))[0] as string;

/** A `sync-order` of version 1 of order-1 for the destination `erp`, with overrides. */
export function newSyncJob(
  overrides: Partial<Pick<NewJob, 'orderId' | 'destination' | 'version' | 'state' | 'batch'>> = {},
): NewJob {
  const { orderId = 'order-1', destination = 'erp', version = 1, ...rest } = overrides;
  return newJob(syncOrder, { orderId, destination, version }, { orderId, destination, version, ...rest });
}

/** Inserts jobs into the ledger as they are, without lanes. */
export async function addJobs(db: Pick<Database, 'query'>, jobs: readonly NewJob[]): Promise<string[]> {
  const rows = jobs.map(({ orderId, ...job }) => ({ ...job, order_id: orderId }));
  await db.query(
    `insert into jobs (id, name, queue, priority, payload, state, order_id, destination, version, batch)
     select id, name, queue, priority, payload, state, order_id, destination, version, batch
     from jsonb_populate_recordset(null::jobs, $1)`,
    [JSON.stringify(rows)],
  );
  return jobs.map(({ id }) => id);
}

/** An order at one version, as a claim returns it to the job that sends it. The job is removed. */
export async function loadVersion(
  db: Pick<Database, 'query'>,
  orderId: string,
  version: number,
): Promise<OrderVersion | undefined> {
  const [id = ''] = await addJobs(db, [newSyncJob({ orderId, version })]);
  const plan = { queue: 'order-sync.erp', destination: 'erp', sendsNewest: false, sendsMessages: false, processId: uuidv7() };
  const [claim] = await claimJobs(db, [{ id, token: uuidv7() }], plan);
  await db.query('delete from jobs where id = $1', [id]);
  return claim?.kind === 'claimed' ? claim.job.order : undefined;
}

/** A process that stays alive until {@link killProcess}; returns its id. */
export async function startProcess(db: Pick<Database, 'query'>): Promise<string> {
  const id = uuidv7();
  await createProcessRegistry(db, id, 'test').beat();
  await db.query(`update processes set beat_at = 'infinity' where id = $1`, [id]);
  return id;
}

/** Makes a process look as if it had died. */
export const killProcess = (db: Pick<Database, 'query'>, id: string): Promise<unknown> =>
  db.query(`update processes set beat_at = now() - interval '1 minute' where id = $1`, [id]);

/** The settlement of an attempt, by default as done. */
export function settlementOf(
  job: ClaimedJob | DueJob,
  verdict: Verdict = { kind: 'ended', outcome: 'done', resultVersion: versionSentBy(job) },
  more: Partial<Omit<Settlement, 'attempt'>> & { readonly attempt?: Partial<AttemptLog> } = {},
): Settlement {
  const outcome = verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : verdict.waitReason;
  const usedAttempt = verdict.kind === 'again' ? verdict.usesAttempt : true;
  return { job, verdict, ...more, attempt: { startedAt: new Date(), outcome, usedAttempt, ...more.attempt } };
}

/** An event that takes an order to a status. Each hour is a step later. */
export const statusEvent = (orderId: string, status: OrderStatus, hour = 1): Partial<OrderEvent> => ({
  orderId,
  occurredAt: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
  ...(status === 'pending' ? {} : { type: 'order.status_changed', data: { status } }),
});

const versionSentBy = (job: ClaimedJob | DueJob): number | undefined =>
  'intentVersion' in job ? (job.intentVersion ?? undefined) : undefined;

/** The ledger of status-worker's queue. */
export const createStatusLedger = (options: LedgerOptions): Ledger =>
  createClaimLedger(options, { queue: 'order-status', destination: null, sendsNewest: false, sendsMessages: false });

/** Reads a job that is due, as the runtime does when it failed without a claim. */
export async function readDue(ledger: Ledger, jobId: string): Promise<DueJob> {
  const found = await ledger.read(jobId);
  if (found.kind !== 'due') throw new Error(`not due but ${found.kind}`);
  return found.job;
}

/** The follow-up jobs of an applied event. */
export type PlanFollowUps = (decision: AppliedDecision, event: UnappliedEvent) => FollowUps;

/** A job for each destination, and a message if the change notifies. */
export const followUpsTo =
  (...destinations: readonly string[]): PlanFollowUps =>
  ({ next, change }, { notify, batch }) => {
    const facts = { orderId: next.orderId, version: next.version, batch };
    const kind = NotificationKind.safeParse(change.from === null ? 'created' : change.to).data;
    const message = notify &&
      kind && { kind, job: newJob(sendNotification, { orderId: next.orderId, version: next.version, kind }, facts) };
    return {
      syncs: destinations.map((destination) => newSyncJob({ ...facts, destination })),
      messages: message ? [{ ...message, channel: 'email', recipient: 'c-1@example.org' }] : [],
    };
  };

/** The decisions of a worker in a test. */
export interface TestPolicy {
  readonly parkedDeadlineMs: number;
  readonly atDeadline: DeadlinePolicy;
  readonly followUps: PlanFollowUps;
}

/**
 * Decides events as status-worker does, with less in the audit trail: the worker's own entries and words are tested there.
 * By default nobody is told, and an early event waits for 15 minutes.
 */
export const planWith =
  ({ parkedDeadlineMs = 900_000, atDeadline = 'dead-letter', followUps = followUpsTo() }: Partial<TestPolicy> = {}): PlanOrder =>
  (order, events, now) => {
    let current = order;
    return applyEvents(order, events, now, atDeadline).outcomes.map(({ eventId, decision }): PlannedEvent => {
      const event = events.find((one) => one.eventId === eventId) as UnappliedEvent;
      const before = current;
      if (decision.outcome === 'applied') current = decision.next;
      if (decision.outcome === 'parked' && event.parkedUntil !== undefined) return { event, before, decision };
      return {
        event,
        before,
        decision,
        followUps: decision.outcome === 'applied' ? followUps(decision, event) : undefined,
        refusal: decision.outcome === 'rejected' ? `refused: ${decision.code}` : undefined,
        deadline: decision.outcome === 'parked' ? new Date(event.acceptedAt.getTime() + parkedDeadlineMs) : undefined,
        audit: {
          action: `event.${decision.outcome}`,
          actor: event.actor,
          orderId: order.orderId,
          eventId,
          source: event.source,
          fromStatus: before.status,
          toStatus: targetStatus(event),
          version: current.version,
          reason: event.data['reason'] as string | undefined,
          code: decision.outcome === 'rejected' ? decision.code : undefined,
        },
      };
    });
  };
