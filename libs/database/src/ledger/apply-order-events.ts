import type { NotificationKind, OrderChange } from '@orderly/contracts';
import { fingerprintOf, type JobOutcome, type NewJob, type RunnableJob } from '@orderly/jobs';
import {
  applyEvents,
  type AppliedDecision,
  type Decision,
  type DeadlinePolicy,
  type OrderState,
  type PendingEvent,
} from '@orderly/orders';
import type { Database, Query } from '../database';
import { lockLanes } from './settle-jobs';

/** A delivered job whose order is to be brought up to date. */
export interface ApplyRequest {
  readonly jobId: string;
  readonly orderId: string;
  /** The context of the span in which the event is applied; its follow-up jobs continue there. */
  readonly traceparent?: string | null;
  readonly tracestate?: string | null;
}

export type ApplyResult =
  | { readonly kind: 'ended'; readonly outcome: JobOutcome; readonly version: number | null; readonly code?: string }
  | { readonly kind: 'parked' }
  /** An earlier event of the order waits for its retry, and this one behind it. */
  | { readonly kind: 'later'; readonly delayMs: number }
  /** Nothing was left to do. */
  | { readonly kind: 'idle' };

/** What follows from an applied change. */
export interface FollowUps {
  readonly syncs: readonly NewJob[];
  readonly messages: readonly {
    readonly job: NewJob;
    readonly kind: NotificationKind;
    readonly channel: string;
    readonly recipient: string | null;
  }[];
}

/** An applied event, as the fan-out sees it. */
export interface AppliedEvent {
  readonly orderId: string;
  readonly version: number;
  readonly event: PendingEvent;
  readonly kind: AppliedDecision['kind'];
  readonly change: OrderChange;
  readonly data: OrderState['data'];
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

export interface ApplyOptions {
  /** How long an early event waits for the step before it, from its acceptance. */
  readonly parkedDeadlineMs: number;
  readonly atDeadline: DeadlinePolicy;
  /** Pure: which jobs and messages an applied event leads to. */
  readonly followUps: (applied: AppliedEvent) => FollowUps;
  readonly processId: string;
  /** Applies at most so many events of each order, so that a bad one can be found; all by default. */
  readonly eventLimit?: number;
}

export interface ApplyOutcome {
  /** One per request, in their order. */
  readonly results: ApplyResult[];
  /** Follow-up jobs that may run now: the relay's work. */
  readonly runnable: RunnableJob[];
}

/**
 * Applies all unapplied events of many orders in one transaction: orders, changes, follow-up jobs, lanes, messages, and the end
 * of the events' own jobs. The order's row lock is the claim; a placeholder is made and locked before an unknown order's events
 * are read, so that no two workers miss each other.
 */
export async function applyOrderEvents(
  db: Database,
  requests: readonly ApplyRequest[],
  options: ApplyOptions,
): Promise<ApplyOutcome> {
  const orderIds = [...new Set(requests.map(({ orderId }) => orderId))].sort();
  return db.transaction(async (query) => {
    const { orders, now } = await lockOrders(query, orderIds);
    const events = await unappliedEvents(query, orderIds);
    const contexts = new Map(requests.map((request) => [request.jobId, request]));
    const plan = emptyPlan();
    for (const order of orders) planOrder(plan, order, events.get(order.orderId) ?? [], now, contexts, options);
    const runnable = plan.ended.length + plan.parked.length > 0 ? await writePlan(query, plan, options) : [];
    return { results: requests.map(({ jobId }) => plan.results.get(jobId) ?? { kind: 'idle' }), runnable };
  });
}

async function lockOrders(query: Query, orderIds: readonly string[]): Promise<{ orders: OrderState[]; now: string }> {
  await query(`insert into orders (order_id) select * from unnest($1::text[]) order by 1 on conflict do nothing`, [orderIds]);
  const rows = await query<OrderRow>(
    `select order_id, status, version, data, key_times, status_occurred_at, now() as now
     from orders where order_id = any($1) order by order_id for update`,
    [orderIds],
  );
  const orders = rows.map((row) => ({
    orderId: row.order_id,
    status: row.status,
    version: row.version,
    data: row.data,
    keyTimes: row.key_times,
    statusOccurredAt: row.status_occurred_at?.toISOString() ?? null,
  }));
  return { orders, now: (rows[0]?.now ?? new Date()).toISOString() };
}

type OrderRow = {
  order_id: string;
  status: OrderState['status'];
  version: number;
  data: OrderState['data'];
  key_times: OrderState['keyTimes'];
  status_occurred_at: Date | null;
  now: Date;
};

interface UnappliedEvent extends PendingEvent {
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly acceptedAt: Date;
  readonly dueInMs: number;
}

async function unappliedEvents(query: Query, orderIds: readonly string[]): Promise<Map<string, UnappliedEvent[]>> {
  const rows = await query<EventRow>(
    `select j.id, j.order_id, j.state, j.run_at, extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms, j.batch,
       e.type, e.occurred_at, e.data, e.notify, e.traceparent, e.tracestate, e.accepted_at
     from jobs j join events e on e.event_id = j.id
     where j.order_id = any($1) and j.destination is null and j.name = 'apply-order-event' and j.state in ('runnable', 'parked')
     order by e.acceptance`,
    [orderIds],
  );
  const byOrder = new Map<string, UnappliedEvent[]>();
  for (const row of rows) {
    const events = byOrder.get(row.order_id) ?? [];
    byOrder.set(row.order_id, events);
    events.push({
      eventId: row.id,
      type: row.type,
      occurredAt: row.occurred_at.toISOString(),
      data: row.data,
      notify: row.notify,
      ...(row.state === 'parked' ? { parkedUntil: row.run_at.toISOString() } : {}),
      batch: row.batch,
      traceparent: row.traceparent,
      tracestate: row.tracestate,
      acceptedAt: row.accepted_at,
      dueInMs: row.due_in_ms,
    });
  }
  return byOrder;
}

type EventRow = {
  id: string;
  order_id: string;
  state: string;
  run_at: Date;
  due_in_ms: number;
  batch: string | null;
  type: PendingEvent['type'];
  occurred_at: Date;
  data: PendingEvent['data'];
  notify: boolean;
  traceparent: string | null;
  tracestate: string | null;
  accepted_at: Date;
};

/** What one transaction is going to write, as rows. */
interface Plan {
  readonly results: Map<string, ApplyResult>;
  readonly orders: object[];
  readonly changes: object[];
  readonly ended: object[];
  readonly parked: object[];
  readonly syncs: NewJob[];
  readonly messages: FollowUps['messages'][number][];
}

const emptyPlan = (): Plan => ({ results: new Map(), orders: [], changes: [], ended: [], parked: [], syncs: [], messages: [] });

function planOrder(
  plan: Plan,
  order: OrderState,
  unapplied: readonly UnappliedEvent[],
  now: string,
  contexts: ReadonlyMap<string, ApplyRequest>,
  options: ApplyOptions,
): void {
  const isWaiting = (event: UnappliedEvent): boolean => event.parkedUntil === undefined && event.dueInMs > 0;
  const retrying = unapplied.find(isWaiting);
  if (retrying) {
    const later: ApplyResult = { kind: 'later', delayMs: Math.ceil(retrying.dueInMs) };
    for (const event of unapplied) plan.results.set(event.eventId, later);
    return;
  }
  const events = limited(unapplied, options.eventLimit);
  const { order: next, outcomes } = applyEvents(order, events, now, options.atDeadline);
  const byId = new Map(events.map((event) => [event.eventId, event]));
  let previous = order;
  for (const { eventId, decision } of outcomes) {
    const event = byId.get(eventId) as UnappliedEvent;
    const context = contexts.get(eventId) ?? event;
    if (decision.outcome === 'applied') {
      planChange(plan, previous, decision, event, context, options);
      previous = decision.next;
    }
    planOutcome(plan, order.orderId, event, decision, context.traceparent ?? null, options);
  }
  if (next.version !== order.version) plan.orders.push(orderRow(next));
}

/** The first so many events that are not parked, and all that are. */
function limited(events: readonly UnappliedEvent[], limit = Infinity): readonly UnappliedEvent[] {
  let left = limit;
  return events.filter(({ parkedUntil }) => parkedUntil !== undefined || left-- > 0);
}

function planChange(
  plan: Plan,
  previous: OrderState,
  { next, change, kind, skipped }: AppliedDecision,
  event: UnappliedEvent,
  context: Pick<ApplyRequest, 'traceparent' | 'tracestate'>,
  { followUps }: ApplyOptions,
): void {
  plan.changes.push({
    order_id: next.orderId,
    version: next.version,
    from_status: change.from,
    to_status: change.to,
    skipped,
    occurred_at: change.at,
    reason: change.reason,
    event_id: event.eventId,
    data: next.data === previous.data ? null : next.data,
  });
  const { syncs, messages } = followUps({
    orderId: next.orderId,
    version: next.version,
    event,
    kind,
    change,
    data: next.data,
    batch: event.batch,
    traceparent: context.traceparent ?? null,
    tracestate: context.tracestate ?? null,
  });
  plan.syncs.push(...syncs);
  plan.messages.push(...messages);
}

const jobOutcomeOf = { applied: 'done', duplicate: 'duplicate', superseded: 'superseded', rejected: 'dead' } as const;

function planOutcome(
  plan: Plan,
  orderId: string,
  event: UnappliedEvent,
  decision: Decision,
  traceparent: string | null,
  { parkedDeadlineMs }: ApplyOptions,
): void {
  const { eventId } = event;
  if (decision.outcome === 'parked') {
    plan.results.set(eventId, { kind: 'parked' });
    if (event.parkedUntil === undefined)
      plan.parked.push({ id: eventId, run_at: new Date(event.acceptedAt.getTime() + parkedDeadlineMs) });
    return;
  }
  const outcome = jobOutcomeOf[decision.outcome];
  const version = decision.outcome === 'applied' ? decision.next.version : null;
  const rejection = decision.outcome === 'rejected' ? decision : undefined;
  plan.results.set(eventId, { kind: 'ended', outcome, version, ...(rejection ? { code: rejection.code } : {}) });
  plan.ended.push({
    id: eventId,
    outcome,
    result_version: version,
    error_code: rejection?.code,
    error_message: rejection && `order ${orderId} is ${rejection.current ?? 'unknown'}`,
    fingerprint: rejection && fingerprintOf(rejection.code, { destination: null, name: 'apply-order-event' }),
    detail: rejection && { current: rejection.current, allowed: rejection.allowed },
    trace_id: traceparent?.split('-')[1],
  });
}

const orderRow = (order: OrderState): object => ({
  order_id: order.orderId,
  status: order.status,
  version: order.version,
  data: order.data,
  key_times: order.keyTimes,
  status_occurred_at: order.statusOccurredAt,
});

async function writePlan(query: Query, plan: Plan, { processId }: ApplyOptions): Promise<RunnableJob[]> {
  const heads = await assignHeads(query, plan.syncs);
  const headIds = new Set(heads.map(({ id }) => id));
  const jobs = [
    ...plan.syncs.map((job) => ({ ...job, state: headIds.has(job.id) ? 'runnable' : 'blocked' }) as NewJob),
    ...plan.messages.map(({ job }) => job),
  ];
  await query(writeSql, [
    JSON.stringify(plan.orders),
    JSON.stringify(plan.changes),
    JSON.stringify(plan.ended),
    JSON.stringify(plan.parked),
    JSON.stringify(jobs.map(jobRow)),
    JSON.stringify(heads.map(({ id, orderId, destination }) => ({ id, order_id: orderId, destination }))),
    JSON.stringify(plan.messages.map(messageRow)),
    processId,
  ]);
  return jobs.filter(({ state }) => state === 'runnable').map(({ id, name, queue, priority }) => ({ id, name, queue, priority }));
}

/** Makes and locks the lanes, and picks for each free one the first of its new jobs. */
async function assignHeads(query: Query, syncs: readonly NewJob[]): Promise<NewJob[]> {
  const byLane = new Map<string, NewJob>();
  for (const job of syncs) {
    const key = laneKey(job.orderId, job.destination);
    const first = byLane.get(key);
    if (!first || (job.version ?? 0) < (first.version ?? 0)) byLane.set(key, job);
  }
  if (byLane.size === 0) return [];
  const lanes = [...byLane.values()].map(({ orderId, destination }) => ({
    order_id: orderId as string,
    destination: destination as string,
  }));
  await query(
    `insert into lanes (order_id, destination) select * from unnest($1::text[], $2::text[]) order by 1, 2 on conflict do nothing`,
    [lanes.map((lane) => lane.order_id), lanes.map((lane) => lane.destination)],
  );
  const locked = await lockLanes(query, lanes);
  return locked
    .filter(({ head, blocked_by }) => head === null && blocked_by === null)
    .map((lane) => byLane.get(laneKey(lane.order_id, lane.destination)) as NewJob);
}

const laneKey = (orderId = '', destination = ''): string => `${destination} ${orderId}`;

const jobRow = (job: NewJob): object => ({
  id: job.id,
  name: job.name,
  queue: job.queue,
  priority: job.priority,
  payload: job.payload,
  state: job.state,
  wait_reason: job.state === 'blocked' ? 'behind-head' : null,
  order_id: job.orderId,
  destination: job.destination,
  version: job.version,
  batch: job.batch,
  traceparent: job.traceparent,
  tracestate: job.tracestate,
});

const messageRow = ({ job, kind, channel, recipient }: FollowUps['messages'][number]): object => ({
  id: job.id,
  order_id: job.orderId,
  version: job.version,
  kind,
  channel,
  recipient,
  batch: job.batch,
});

/** $1 orders, $2 changes, $3 ended jobs, $4 parked jobs, $5 new jobs, $6 new heads of lanes, $7 new messages (all JSON), $8 process. */
const writeSql = `
  with
  moved_orders as (
    update orders o
    set status = n.status, version = n.version, data = n.data, key_times = n.key_times,
      status_occurred_at = n.status_occurred_at, updated_at = now()
    from jsonb_to_recordset($1::jsonb) as n(
      order_id text, status text, version integer, data jsonb, key_times jsonb, status_occurred_at timestamptz)
    where o.order_id = n.order_id
  ),
  changes as (
    insert into order_changes (order_id, version, from_status, to_status, skipped, occurred_at, reason, event_id, data)
    select order_id, version, from_status, to_status, skipped, occurred_at, reason, event_id, data
    from jsonb_to_recordset($2::jsonb) as c(
      order_id text, version integer, from_status text, to_status text, skipped text[], occurred_at timestamptz, reason text,
      event_id uuid, data jsonb)
  ),
  e as (
    select * from jsonb_to_recordset($3::jsonb) as e(
      id uuid, outcome text, result_version integer, error_code text, error_message text, fingerprint text, detail jsonb,
      trace_id text)
  ),
  ended as (
    update jobs j
    set state = 'ended', outcome = e.outcome, result_version = e.result_version, error_code = e.error_code,
      error_message = e.error_message, fingerprint = e.fingerprint, detail = e.detail, wait_reason = null,
      attempts_used = j.attempts_used + 1, tries = j.tries + 1, ended_at = clock_timestamp()
    from e
    where j.id = e.id
    returning j.id, j.tries
  ),
  logged as (
    insert into attempts (job_id, number, started_at, ended_at, outcome, used_attempt, error_code, error_message, trace_id, process_id)
    select e.id, ended.tries, now(), clock_timestamp(), e.outcome, true, e.error_code, e.error_message, e.trace_id, $8
    from e join ended using (id)
  ),
  parked as (
    update jobs j set state = 'parked', wait_reason = 'parked', run_at = p.run_at
    from jsonb_to_recordset($4::jsonb) as p(id uuid, run_at timestamptz)
    where j.id = p.id
  ),
  new_jobs as (
    insert into jobs (id, name, queue, priority, payload, state, wait_reason, order_id, destination, version, batch, traceparent, tracestate)
    select id, name, queue, priority, payload, state, wait_reason, order_id, destination, version, batch, traceparent, tracestate
    from jsonb_to_recordset($5::jsonb) as n(
      id uuid, name text, queue text, priority smallint, payload jsonb, state text, wait_reason text, order_id text,
      destination text, version integer, batch text, traceparent text, tracestate text)
  ),
  heads as (
    update lanes l set head = h.id, updated_at = now()
    from jsonb_to_recordset($6::jsonb) as h(id uuid, order_id text, destination text)
    where l.order_id = h.order_id and l.destination = h.destination
  )
  insert into messages (id, order_id, version, kind, channel, recipient, state, batch)
  select id, order_id, version, kind, channel, recipient, 'queued', batch
  from jsonb_to_recordset($7::jsonb) as m(
    id uuid, order_id text, version integer, kind text, channel text, recipient text, batch text)`;
