import { runnableOf, type AttemptLog, type RunnableJob, type Settlement, type SettleResult, type Verdict } from '@orderly/jobs';
import { alertsOf, mayAlert, type HoldChange } from '../alerts/settlement-alerts';
import { raiseAlerts } from '../alerts/raise-alerts';
import { endsEvent, recordDeadEvents } from '../audit/record-dead-events';
import type { Database, Query } from '@orderly/database';
import { pausedReason } from '../operator/pause';
import { idRange } from './id-range';

export interface SettleOutcome {
  /** One per settlement, in their order. */
  readonly results: SettleResult[];
  /** Jobs that became the head of their lane: the relay's work. */
  readonly runnable: RunnableJob[];
}

/**
 * Writes effect, outcome and follow-up of many attempts in one transaction. A settlement is written only if it still holds its claim. Lanes
 * whose head ended are locked first, in a statement of their own: the fan-out of new versions locks them too, so each sees
 * the other's changes.
 */
export async function settleJobs(db: Database, settlements: readonly Settlement[], processId: string): Promise<SettleOutcome> {
  const rows = settlements.map((settlement) => settlementRow(settlement, processId));
  const lanes = rows.filter((row) => row.ends && row.destination !== null && row.order_id !== null);
  if (lanes.length === 0 && !settlements.some(mayAlert)) return write(db.query, settlements, rows);
  return db.transaction(async (query) => {
    if (lanes.length > 0) await lockLanes(query, lanes as readonly LaneKey[]);
    return write(query, settlements, rows);
  });
}

interface LaneKey {
  readonly order_id: string;
  readonly destination: string;
}

/** Locks lanes in the order of their keys, so that no two transactions deadlock. */
async function lockLanes(
  query: Query,
  lanes: readonly LaneKey[],
): Promise<{ order_id: string; destination: string; head: string | null; blocked_by: string | null }[]> {
  return query(
    `select l.order_id, l.destination, l.head, l.blocked_by
     from lanes l
     where l.order_id = any($1) and (l.order_id, l.destination) in (select * from unnest($1::text[], $2::text[]))
     order by l.order_id, l.destination
     for update`,
    [lanes.map((lane) => lane.order_id), lanes.map((lane) => lane.destination)],
  );
}

async function write(query: Query, settlements: readonly Settlement[], rows: readonly SettlementRow[]): Promise<SettleOutcome> {
  const ids = rows.map(({ id }) => id);
  const orderIds = rows.flatMap(({ order_id }) => order_id ?? []);
  const { lowest, highest } = idRange(ids);
  const written = await query<WrittenRow>(settleSql, [JSON.stringify(rows), lowest, highest, ids, orderIds]);
  const settledIds = new Set(written.filter(({ kind }) => kind === 'settled').map(({ id }) => id));
  const settled = settlements.filter(({ job }) => settledIds.has(job.id));
  await recordDeadEvents(query, settled.filter(endsEvent));
  await raiseAlerts(query, alertsOf(settled, written.flatMap(holdChangeOf)));
  const left = rows.filter(({ id }) => !settledIds.has(id));
  for (const id of await settledBefore(query, left)) settledIds.add(id);
  return {
    results: settlements.map(({ job }) => ({ settled: settledIds.has(job.id) })),
    runnable: written.filter(({ kind }) => kind === 'head').map(runnableOf),
  };
}

/** A job that was settled or became head, or a hold that began or ended. */
type WrittenRow = {
  kind: 'settled' | 'head' | HoldChange['kind'];
  id: string;
  /** The name of the job, or the reason of the hold. */
  name: string;
  /** The queue of the job, or the key of the hold. */
  queue: string;
  priority: number;
  scope: HoldChange['scope'];
};

const holdChangeOf = ({ kind, scope, queue, name }: WrittenRow): HoldChange[] =>
  kind === 'held' || kind === 'released' ? [{ kind, scope, key: queue, reason: name }] : [];

/** Finds settlements that changed nothing because their first run was committed and its answer was lost. */
async function settledBefore(query: Query, rows: readonly SettlementRow[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const found = await query<{ id: string }>(
    `select a.job_id as id
     from unnest($1::uuid[], $2::int[], $3::uuid[]) as s(id, tries, process_id)
     join attempts a on a.job_id = any($1) and a.job_id = s.id and a.number = s.tries and a.process_id = s.process_id
     where a.outcome <> 'lost'`,
    [rows.map(({ id }) => id), rows.map(({ tries }) => tries), rows.map((row) => row.process_id)],
  );
  return found.map(({ id }) => id);
}

type SettlementRow = ReturnType<typeof settlementRow>;

function settlementRow({ job, verdict, attempt, laneStep, message, leavesDoubt }: Settlement, processId: string) {
  const ends = verdict.kind !== 'again';
  const claim = 'token' in job ? job : undefined;
  return {
    id: job.id,
    token: claim?.token ?? null,
    tries: job.tries,
    order_id: job.orderId,
    destination: job.destination,
    ends,
    outcome: verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : null,
    result_version: verdict.kind === 'ended' ? verdict.resultVersion : null,
    error_code: verdict.kind === 'dead' ? verdict.code : (attempt?.errorCode ?? null),
    error_message: verdict.kind === 'dead' ? verdict.message : verdict.kind === 'ended' ? verdict.reason : attempt?.errorMessage,
    fingerprint: verdict.kind === 'dead' ? verdict.fingerprint : null,
    delay_ms: verdict.kind === 'again' ? verdict.delayMs : null,
    wait_reason: verdict.kind === 'again' ? verdict.waitReason : null,
    uses_attempt: attempt?.usedAttempt ?? false,
    leaves_doubt: leavesDoubt ?? false,
    // The process survived this try, so the job did not cause the earlier crash.
    is_cleared: verdict.kind === 'again' && verdict.waitReason !== 'handed-back',
    // Only a claimed job can probe, and so end a hold.
    hold_reason: claim && verdict.kind === 'again' ? verdict.hold?.reason : null,
    hold_ms: verdict.kind === 'again' ? verdict.hold?.forMs : null,
    // Jobs without a destination hold their queue instead.
    hold_scope: job.destination === null ? 'queue' : 'destination',
    hold_key: job.destination ?? job.queue,
    clears_hold: claim?.isProbe === true && isAnswered(verdict, attempt),
    lane_step: laneStep ?? 'next',
    acked: verdict.kind === 'ended' && verdict.outcome === 'done' ? (verdict.resultVersion ?? 0) : 0,
    message_state: message?.state,
    message_provider_id: message?.providerId,
    message_reason: message?.reason,
    started_at: attempt?.startedAt,
    attempt_outcome: attempt?.outcome,
    error_class: attempt?.errorClass,
    attempt_error_code: attempt?.errorCode,
    attempt_error_message: attempt?.errorMessage,
    version_sent: attempt?.versionSent,
    response_status: attempt?.responseStatus,
    response_excerpt: attempt?.responseExcerpt,
    confirmation_id: attempt?.confirmationId,
    trace_id: attempt?.traceId,
    process_id: processId,
  };
}

/** Whether a held destination accepted the probe's credentials. A server error or a missing answer does not show it. */
function isAnswered(verdict: Verdict, attempt: AttemptLog | undefined): boolean {
  const responseStatus = attempt?.responseStatus;
  if (verdict.kind === 'dead') return responseStatus !== undefined && responseStatus < 500;
  return verdict.kind === 'ended' && verdict.outcome === 'done';
}

/**
 * $1 settlements as JSON, $2 and $3 the lowest and highest of their ids, $4 the ids, $5 their orders: named beside the join, so
 * that the planner uses the index whatever its statistics say. A settlement without token is of a job that needs no
 * claim: the number of its try says whether it is still to be written. Blocked jobs are found by their order; their state is
 * compared in a way that no index serves, for one of them would lead through all that are blocked.
 * Without a start there is no attempt to log.
 * Returns the settled ids, the jobs that became head of their lane, and the holds that began or ended; throttling is none of them.
 */
const settleSql = `
  with s as (
    select * from jsonb_to_recordset($1::jsonb) as s(
      id uuid, token uuid, tries integer, order_id text, destination text, ends boolean, outcome text, result_version integer,
      error_code text, error_message text, fingerprint text, delay_ms float8, wait_reason text, uses_attempt boolean,
      leaves_doubt boolean, is_cleared boolean,
      hold_reason text, hold_ms float8, hold_scope text, hold_key text, clears_hold boolean, lane_step text, acked integer, message_state text,
      message_provider_id text, message_reason text, started_at timestamptz, attempt_outcome text, error_class text,
      attempt_error_code text, attempt_error_message text, version_sent integer, response_status integer,
      response_excerpt text, confirmation_id text, trace_id text, process_id uuid)
  ),
  settled as (
    update jobs j
    set state = case when s.ends then 'ended' else 'runnable' end,
      outcome = s.outcome, result_version = s.result_version, error_code = s.error_code, error_message = s.error_message,
      fingerprint = s.fingerprint, wait_reason = s.wait_reason,
      run_at = case when s.ends then j.run_at else now() + make_interval(secs => s.delay_ms / 1000) end,
      attempts_used = j.attempts_used + s.uses_attempt::int, tries = greatest(j.tries, s.tries),
      in_doubt = j.in_doubt or s.leaves_doubt, crashes = case when s.is_cleared then 0 else j.crashes end,
      claim_token = null, claimed_by = null, claimed_at = null, ended_at = case when s.ends then now() end
    from s
    where j.id = s.id and j.id = any($4::uuid[]) and j.id between $2 and $3
      and (j.claim_token = s.token or (s.token is null and j.state in ('runnable', 'parked') and j.tries < s.tries))
    returning j.id, j.name, j.queue, j.priority
  ),
  logged as (
    insert into attempts (job_id, number, started_at, outcome, used_attempt, error_class, error_code, error_message,
      version_sent, response_status, response_excerpt, confirmation_id, trace_id, process_id)
    select s.id, s.tries, s.started_at, s.attempt_outcome, s.uses_attempt, s.error_class, s.attempt_error_code,
      s.attempt_error_message, s.version_sent, s.response_status, s.response_excerpt, s.confirmation_id, s.trace_id, s.process_id
    from s join settled using (id)
    where s.started_at is not null
    on conflict do nothing
  ),
  told as (
    update messages m
    set state = s.message_state, provider_id = coalesce(s.message_provider_id, m.provider_id), reason = s.message_reason,
      updated_at = now()
    from s join settled using (id)
    where m.id = s.id and m.id = any($4::uuid[]) and m.id between $2 and $3 and s.message_state is not null
  ),
  ended_heads as (
    select s.* from s join settled using (id) where s.ends and s.destination is not null
  ),
  heads as (
    select e.order_id, e.destination, n.id, n.version
    from ended_heads e
    cross join lateral (
      select j.id, j.version
      from jobs j
      where j.order_id = e.order_id and j.destination = e.destination and j.state || '' = 'blocked' and j.version > e.acked
      order by case when e.lane_step = 'newest' then -j.version else j.version end
      limit 1
    ) n
    where e.lane_step <> 'block'
  ),
  superseded as (
    update jobs j
    set state = 'ended', outcome = 'superseded', wait_reason = null, ended_at = now()
    from ended_heads e left join heads h using (order_id, destination)
    where j.order_id = any($5) and j.order_id = e.order_id and j.destination = e.destination
      and j.state || '' = 'blocked' and (j.version <= e.acked or (e.lane_step = 'newest' and j.version < h.version))
  ),
  promoted as (
    update jobs j
    set state = 'runnable', wait_reason = null, run_at = now()
    where j.id = any(array(select id from heads))
    returning j.id, j.name, j.queue, j.priority
  ),
  moved as (
    update lanes l
    set head = h.id, acked_version = greatest(l.acked_version, e.acked),
      blocked_by = case when e.lane_step = 'block' then e.id else l.blocked_by end, updated_at = now()
    from ended_heads e left join heads h using (order_id, destination)
    where l.order_id = any($5) and l.order_id = e.order_id and l.destination = e.destination
  ),
  held as (
    insert into holds (scope, key, reason, until)
    select distinct on (s.hold_scope, s.hold_key)
      s.hold_scope, s.hold_key, s.hold_reason, now() + make_interval(secs => s.hold_ms / 1000)
    from s join settled using (id)
    where s.hold_reason is not null
    order by s.hold_scope, s.hold_key, s.hold_ms desc
    -- An earlier answer may have asked for more time. Only a person ends a pause.
    on conflict (scope, key) do update set reason = excluded.reason, until = excluded.until,
      since = case when holds.reason = excluded.reason and holds.until > now() then holds.since else now() end
    where (holds.reason <> '${pausedReason}' or holds.until <= now()) and (holds.reason <> 'throttled' or excluded.until > holds.until)
    returning scope, key, reason, since
  ),
  released as (
    delete from holds
    where reason <> '${pausedReason}'
      and case when reason = 'throttled'
        then until <= now() and (scope, key) in (select s.hold_scope, s.hold_key from s join settled using (id))
        else (scope, key) in (select s.hold_scope, s.hold_key from s join settled using (id) where s.clears_hold)
      end
      and (scope, key) not in (
        select s.hold_scope, s.hold_key from s join settled using (id) where s.hold_reason is not null
      )
    returning scope, key, reason
  )
  select 'settled' as kind, id, name, queue, priority, null as scope from settled
  union all
  select 'head', id, name, queue, priority, null from promoted
  union all
  select 'held', null, reason, key, null, scope from held where since = now() and reason <> 'throttled'
  union all
  select 'released', null, reason, key, null, scope from released where reason <> 'throttled'`;
