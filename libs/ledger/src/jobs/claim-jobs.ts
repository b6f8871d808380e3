import type { ClaimedJob, ClaimResult } from '@orderly/jobs';
import { liveness } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { orderVersionAt, orderVersionColumns, orderVersionOf, type OrderVersionRow } from '../orders/order-versions';
import { pausedReason } from '../operator/pause';
import { idRange } from './id-range';

export interface ClaimOptions {
  readonly queue: string;
  /** The destination that the queue serves: its holds apply, and its lanes know what it confirmed. */
  readonly destination: string | null;
  /** A claimed job sends the order's newest version instead of its own. */
  readonly sendsNewest: boolean;
  /** The queue's jobs send the messages that have their ids: a claim marks them as being sent. */
  readonly sendsMessages: boolean;
  readonly processId: string;
}

/** How soon a delivery that met a living claim is tried again, in ms. */
const claimedElsewhereMs = 5000;

/** A delivery that claims its job. */
export interface TokenRequest {
  readonly id: string;
  /** One per delivery. It stays the same if the statement runs again after a lost answer, so the claim is recognised as its own. */
  readonly token: string;
}

/**
 * Claims many jobs in one statement, which also records the intent. Allowed from runnable, and from running where the claiming
 * process is dead: such a try is logged as lost. A claimed job carries the order version that it sends. Safe to run again with
 * the same requests.
 *
 * @returns one result per request, in their order
 */
export async function claimJobs(
  db: Pick<Database, 'query'>,
  requests: readonly TokenRequest[],
  { queue, destination, sendsNewest, sendsMessages, processId }: ClaimOptions,
): Promise<ClaimResult[]> {
  // Two deliveries of one job may meet in a batch: the first claims it, the other finds it claimed.
  const firsts = new Map(requests.toReversed().map(({ id, token }) => [id, token]));
  const ids = [...firsts.keys()];
  const { lowest, highest } = idRange(ids);
  const rows = await db.query<ClaimRow & OrderVersionRow>(sendsMessages ? claimMessagesSql : claimSql, [
    ids,
    lowest,
    highest,
    queue,
    destination,
    [...firsts.values()],
    processId,
    liveness.staleMs,
    sendsNewest,
  ]);
  const byId = new Map(rows.map((row) => [row.id, resultOf(row)]));
  return requests.map(({ id, token }) => {
    const result = byId.get(id) ?? { kind: 'missing' };
    return result.kind === 'claimed' && result.job.token !== token ? { kind: 'later', delayMs: claimedElsewhereMs } : result;
  });
}

/** A job as it is claimed. */
export type ClaimRow = {
  id: string;
  claimed: boolean;
  in_doubt: boolean;
  name: string;
  queue: string;
  payload: unknown;
  token: string;
  state: string;
  attempts_used: number;
  tries: number;
  crashes: number;
  order_id: string | null;
  destination: string | null;
  version: number | null;
  intent_version: number | null;
  acked_version: number | null;
  epoch: number;
  age_ms: number;
  due_in_ms: number;
  traceparent: string | null;
  tracestate: string | null;
  hold_reason: string | null;
  hold_ms: number | null;
  order_hold_ms: number | null;
};

function resultOf(row: ClaimRow & OrderVersionRow): ClaimResult {
  if (row.claimed)
    return { kind: 'claimed', job: { ...claimedJobOf(row), order: orderVersionOf(row.order_id, row.intent_version, row) } };
  if (row.state === 'ended' || row.state === 'blocked' || row.state === 'parked') return { kind: 'idle' };
  if (row.hold_ms !== null && row.hold_ms > 0) return { kind: 'held', delayMs: row.hold_ms };
  // A hold that is due for a check lets one job probe; the others return after its answer.
  if (row.hold_reason !== null) return { kind: 'held', delayMs: probeMs };
  if (row.order_hold_ms !== null) return { kind: 'later', delayMs: Math.min(Math.ceil(row.order_hold_ms), orderCheckMs) };
  if (row.state === 'running') return { kind: 'later', delayMs: claimedElsewhereMs };
  return { kind: 'later', delayMs: Math.max(Math.ceil(row.due_in_ms), 1) };
}

/** How often a job of a paused order looks whether the pause has ended, in ms: a resumed order continues after this time. */
export const orderCheckMs = 5000;

/** How long the other jobs of a held destination wait while one of them tries it, in ms. */
const probeMs = 1000;

/** After this long without an answer another job may try a held destination, in ms. */
const probeLeaseMs = 60_000;

export const claimedJobOf = (row: ClaimRow): ClaimedJob => ({
  id: row.id,
  name: row.name,
  queue: row.queue,
  payload: row.payload,
  token: row.token,
  attemptsUsed: row.attempts_used,
  tries: row.tries,
  crashes: row.crashes,
  isInDoubt: row.in_doubt,
  isProbe: row.hold_reason !== null,
  orderId: row.order_id,
  destination: row.destination,
  version: row.version,
  intentVersion: row.intent_version,
  ackedVersion: row.acked_version ?? 0,
  epoch: row.epoch,
  ageMs: row.age_ms,
  waitMs: Math.max(-row.due_in_ms, 0),
  traceparent: row.traceparent,
  tracestate: row.tracestate,
});

/**
 * $1 ids, each once, $2 and $3 the lowest and highest of them (so that only their partitions are looked into), $4 queue,
 * $5 destination or null, $6 a token for each id, $7 process, $8 after how many ms a heartbeat is stale, $9 whether the newest
 * version is sent.
 * A hold without an end of its own (any but a throttle and a pause) lets one job probe when it is due. The hold's row is locked, so that only
 * one of two statements sends a probe. Facts about a lost try are read under the job's lock, because another process may have
 * taken it over a moment ago. Jobs are found by their keys, and only then compared with the queue: an index that
 * begins with the queue would scan all of its jobs.
 */
const claimBody = `
  input as (
    select * from unnest($1::uuid[], $6::uuid[]) as input(id, token)
  ),
  hold as (
    select reason, extract(epoch from until - now())::float8 * 1000 as ms
    from holds
    where ((scope = 'destination' and key = $5) or (scope = 'queue' and key = $4)) 
      and (reason not in ('throttled', '${pausedReason}') or until > now())
    order by until desc
    limit 1
    for update
  ),
  wanted as (
    select j.*, i.token, extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms,
      extract(epoch from now() - coalesce(j.redriven_at, j.created_at))::float8 * 1000 as age_ms,
      extract(epoch from o.until - now())::float8 * 1000 as order_hold_ms,
      o.until is null and case j.state
        when 'runnable' then j.run_at <= now()
        when 'running' then not exists (
          select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => $8 / 1000.0))
        else false
      end as is_free
    from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
    join input i on i.id = j.id
    left join holds o on o.scope = 'order' and o.key = j.order_id and o.until > now()
    where j.queue = $4
  ),
  probe as (
    select id from wanted where is_free and exists (select from hold where ms <= 0) order by id limit 1
  ),
  locked as (
    select j.id, w.token, j.state = 'running' and j.claim_token <> w.token as was_lost, j.claim_token = w.token as is_own,
      j.tries, j.claimed_at, j.claimed_by, j.intent_version
    from wanted w join jobs j on j.id = w.id
    where j.id = any($1::uuid[]) and j.id between $2 and $3
      and (
        (j.state = 'runnable' and j.run_at <= now())
        or (j.state = 'running' and (j.claim_token = w.token or not exists (
          select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => $8 / 1000.0)
        )))
      )
      and (j.claim_token = w.token or w.order_hold_ms is null)
      and (j.claim_token = w.token or not exists (select from hold) or j.id in (select id from probe))
    order by j.id
    for update of j
  ),
  claimed as (
    update jobs j
    set state = 'running', claim_token = l.token, claimed_by = $7, claimed_at = now(), wait_reason = null,
      tries = j.tries + (l.is_own is not true)::int, crashes = j.crashes + l.was_lost::int, in_doubt = j.in_doubt or l.was_lost,
      intent_version = case when $9 then (select o.version from orders o where o.order_id = j.order_id) else j.version end
    from locked l
    where j.id = l.id and j.id = any($1::uuid[]) and j.id between $2 and $3
    returning j.id, j.claim_token, j.tries, j.crashes, j.in_doubt, j.intent_version
  ),
  lost as (
    insert into attempts (job_id, number, started_at, outcome, used_attempt, version_sent, process_id)
    select l.id, l.tries, l.claimed_at, 'lost', false, l.intent_version, l.claimed_by
    from locked l
    where l.was_lost
    on conflict do nothing
  ),
  probing as (
    update holds set until = now() + make_interval(secs => ${probeLeaseMs / 1000})
    where ((scope = 'destination' and key = $5) or (scope = 'queue' and key = $4)) and until <= now()
      and reason not in ('throttled', '${pausedReason}')
      and exists (select from claimed)
  )`;

const claimResult = `
  select w.id, c.id is not null as claimed, coalesce(c.in_doubt, w.in_doubt) as in_doubt, w.name, w.queue, w.payload,
    c.claim_token as token, w.state, w.attempts_used, coalesce(c.tries, w.tries) as tries,
    coalesce(c.crashes, w.crashes) as crashes, w.order_id, w.destination, w.version, c.intent_version,
    (select acked_version from lanes l where l.order_id = w.order_id and l.destination = w.destination) as acked_version,
    w.epoch, w.age_ms, w.due_in_ms, w.traceparent, w.tracestate, h.reason as hold_reason, h.ms as hold_ms, w.order_hold_ms,
    ${orderVersionColumns}
  from wanted w
  left join claimed c on c.id = w.id
  left join hold h on true
  ${orderVersionAt('w.order_id', 'c.intent_version')}`;

const claimSql = `with ${claimBody} ${claimResult}`;

const claimMessagesSql = `with ${claimBody},
  sending as (
    update messages m set state = 'sending', updated_at = now()
    from claimed c
    where m.id = c.id and m.id = any($1::uuid[]) and m.id between $2 and $3
  )
  ${claimResult}`;
