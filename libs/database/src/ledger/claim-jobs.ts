import type { ClaimedJob, ClaimResult } from '@orderly/jobs';
import { liveness } from '@orderly/jobs';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../database';
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

/**
 * Claims many jobs in one statement, which also records the intent. Allowed from runnable, and from running where the claiming
 * process is dead: such a try is logged as lost.
 *
 * @returns one result per id, in their order
 */
export async function claimJobs(
  db: Pick<Database, 'query'>,
  ids: readonly string[],
  { queue, destination, sendsNewest, sendsMessages, processId }: ClaimOptions,
): Promise<ClaimResult[]> {
  const { lowest, highest } = idRange(ids);
  const rows = await db.query<ClaimRow>(sendsMessages ? claimMessagesSql : claimSql, [
    ids,
    lowest,
    highest,
    queue,
    destination,
    uuidv7(),
    processId,
    liveness.staleMs,
    sendsNewest,
  ]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => resultOf(byId.get(id), queue));
}

type ClaimRow = {
  id: string;
  claimed: boolean;
  was_lost: boolean;
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
};

function resultOf(row: ClaimRow | undefined, queue: string): ClaimResult {
  if (!row) return { kind: 'missing' };
  if (row.claimed) return { kind: 'claimed', job: claimedJobOf(row) };
  if (row.state === 'ended' || row.state === 'blocked' || row.state === 'parked') return { kind: 'idle' };
  if (row.hold_ms !== null && row.hold_ms > 0) return { kind: 'held', delayMs: row.hold_ms };
  // A hold that is due for a check lets one job try; the others come back when its answer is in.
  if (row.hold_reason !== null) return { kind: 'held', delayMs: probeMs };
  if (row.state === 'running' || row.queue !== queue) return { kind: 'later', delayMs: claimedElsewhereMs };
  return { kind: 'later', delayMs: Math.max(Math.ceil(row.due_in_ms), 1) };
}

/** How long the other jobs of a held destination wait while one of them tries it, in ms. */
const probeMs = 1000;

/** After this long without an answer another job may try a held destination, in ms. */
const probeLeaseMs = 60_000;

const claimedJobOf = (row: ClaimRow): ClaimedJob => ({
  id: row.id,
  name: row.name,
  queue: row.queue,
  payload: row.payload,
  token: row.token,
  attemptsUsed: row.attempts_used,
  tries: row.tries,
  crashes: row.crashes,
  wasLost: row.was_lost,
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
 * $1 ids, $2 and $3 the lowest and highest of them (so that only their partitions are looked into), $4 queue, $5 destination or
 * null, $6 a token for all, $7 process, $8 after how many ms a heartbeat is stale, $9 whether the newest version is sent.
 * A hold without an end of its own (any but `throttled`) lets one job try when its time has come.
 */
const claimBody = `
  hold as (
    select reason, extract(epoch from until - now())::float8 * 1000 as ms
    from holds
    where ((scope = 'destination' and key = $5) or (scope = 'queue' and key = $4)) and (reason <> 'throttled' or until > now())
    order by until desc
    limit 1
  ),
  wanted as (
    select j.*, j.state = 'running' as was_lost, extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms,
      extract(epoch from now() - j.created_at)::float8 * 1000 as age_ms
    from jobs j
    where j.id = any($1::uuid[]) and j.id between $2 and $3
  ),
  locked as (
    select j.id
    from jobs j
    where j.id = any($1::uuid[]) and j.id between $2 and $3 and j.queue = $4
      and not exists (select from hold where ms > 0)
      and (
        (j.state = 'runnable' and j.run_at <= now())
        or (j.state = 'running' and not exists (
          select from processes p where p.id = j.claimed_by and p.beat_at > now() - make_interval(secs => $8 / 1000.0)
        ))
      )
    order by j.id
    limit case when exists (select from hold) then 1 end
    for update of j
  ),
  claimed as (
    update jobs j
    set state = 'running', claim_token = $6, claimed_by = $7, claimed_at = now(), wait_reason = null, tries = j.tries + 1,
      crashes = j.crashes + (j.state = 'running')::int,
      intent_version = case when $9 then (select o.version from orders o where o.order_id = j.order_id) else j.version end
    from locked
    where j.id = locked.id and j.id between $2 and $3
    returning j.id, j.claim_token, j.tries, j.crashes, j.intent_version
  ),
  lost as (
    insert into attempts (job_id, number, started_at, outcome, used_attempt, version_sent, process_id)
    select w.id, w.tries, w.claimed_at, 'lost', false, w.intent_version, w.claimed_by
    from wanted w join claimed using (id)
    where w.was_lost
    on conflict do nothing
  ),
  probing as (
    update holds set until = now() + make_interval(secs => ${probeLeaseMs / 1000})
    where ((scope = 'destination' and key = $5) or (scope = 'queue' and key = $4)) and until <= now()
      and exists (select from claimed)
  )`;

const claimResult = `
  select w.id, c.id is not null as claimed, w.was_lost, w.name, w.queue, w.payload, c.claim_token as token, w.state,
    w.attempts_used, coalesce(c.tries, w.tries) as tries, coalesce(c.crashes, w.crashes) as crashes, w.order_id, w.destination,
    w.version, c.intent_version, l.acked_version, w.epoch, w.age_ms, w.due_in_ms, w.traceparent, w.tracestate,
    h.reason as hold_reason, h.ms as hold_ms
  from wanted w
  left join claimed c on c.id = w.id
  left join lanes l on l.order_id = w.order_id and l.destination = w.destination
  left join hold h on true`;

const claimSql = `with ${claimBody} ${claimResult}`;

const claimMessagesSql = `with ${claimBody},
  sending as (
    update messages m set state = 'sending', updated_at = now()
    from claimed c
    where m.id = c.id and m.id between $2 and $3
  )
  ${claimResult}`;
