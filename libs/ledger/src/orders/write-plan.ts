import { runnableOf, type NewJob, type RunnableJob } from '@orderly/jobs';
import { raiseAlerts } from '../alerts/raise-alerts';
import { auditColumns, auditRecordset } from '../audit/audit-entry';
import type { Query } from '@orderly/database';
import { ensureLanes } from './ensure-lanes';
import type { NewMessage } from './order-plan';
import type { PlanRows } from './plan-rows';

/** Writes a plan, and returns the follow-up jobs that may run now. */
export async function writePlan(query: Query, plan: PlanRows, processId: string): Promise<RunnableJob[]> {
  const heads = await assignHeads(query, plan.syncs);
  const headIds = new Set(heads.map(({ id }) => id));
  const jobs: readonly NewJob[] = [
    ...plan.syncs.map((job): NewJob => ({ ...job, state: headIds.has(job.id) ? 'runnable' : 'blocked' })),
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
    plan.orders.map(({ order_id }) => order_id),
    [...plan.ended, ...plan.parked].map(({ id }) => id),
    JSON.stringify(plan.audit),
  ]);
  await raiseAlerts(query, plan.alerts);
  return jobs.filter(({ state }) => state === 'runnable').map(runnableOf);
}

/** Makes and locks the lanes, and picks the first new job of each free lane as its head. */
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
  const locked = await ensureLanes(query, lanes);
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

const messageRow = ({ job, kind, channel, recipient }: NewMessage): object => ({
  id: job.id,
  order_id: job.orderId,
  version: job.version,
  kind,
  channel,
  recipient,
  batch: job.batch,
});

/**
 * $1 orders, $2 changes, $3 ended jobs, $4 parked jobs, $5 new jobs, $6 new heads of lanes, $7 new messages (all JSON), $8 process,
 * $9 the ids of the orders, $10 those of the ended and parked jobs: named beside the joins, so that the planner uses the index
 * whatever its statistics say; $11 entries of the audit trail (JSON).
 */
const writeSql = `
  with
  moved_orders as (
    update orders o
    set status = n.status, version = n.version, data = coalesce(n.data, o.data), key_times = coalesce(n.key_times, o.key_times),
      status_occurred_at = n.status_occurred_at, updated_at = now()
    from jsonb_to_recordset($1::jsonb) as n(
      order_id text, status text, version integer, data jsonb, key_times jsonb, status_occurred_at timestamptz)
    where o.order_id = any($9) and o.order_id = n.order_id
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
    where j.id = any($10::uuid[]) and j.id = e.id
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
    where j.id = any($10::uuid[]) and j.id = p.id
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
    where l.order_id = any($9) and l.order_id = h.order_id and l.destination = h.destination
  ),
  audited as (
    insert into audit (${auditColumns}) select ${auditColumns} from ${auditRecordset('$11')}
  )
  insert into messages (id, order_id, version, kind, channel, recipient, state, batch)
  select id, order_id, version, kind, channel, recipient, 'queued', batch
  from jsonb_to_recordset($7::jsonb) as m(
    id uuid, order_id text, version integer, kind text, channel text, recipient text, batch text)`;
