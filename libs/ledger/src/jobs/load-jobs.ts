import type { ClaimResult } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { idRange } from './id-range';

/**
 * The counterpart of {@link claimJobs} for jobs whose effect lies in PostgreSQL alone. It only loads them: the row lock of the
 * order serves as the claim.
 *
 * @returns one result per id, in their order
 */
export async function loadJobs(db: Pick<Database, 'query'>, ids: readonly string[], queue: string): Promise<ClaimResult[]> {
  const { lowest, highest } = idRange(ids);
  const rows = await db.query<JobRow>(
    `select j.id, j.name, j.payload, j.attempts_used, j.tries, j.crashes, j.order_id, j.epoch, j.state, j.traceparent, j.tracestate,
       extract(epoch from now() - j.created_at)::float8 * 1000 as age_ms,
       extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms,
       extract(epoch from h.until - now())::float8 * 1000 as hold_ms
     -- Fenced off, for an index that begins with the queue would lead through all of its jobs.
     from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
     left join holds h on h.scope = 'queue' and h.key = $4 and h.until > now()
     where j.queue = $4`,
    [ids, lowest, highest, queue],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => resultOf(byId.get(id), queue));
}

type JobRow = {
  id: string;
  name: string;
  payload: unknown;
  attempts_used: number;
  tries: number;
  crashes: number;
  order_id: string | null;
  epoch: number;
  state: string;
  traceparent: string | null;
  tracestate: string | null;
  age_ms: number;
  due_in_ms: number;
  hold_ms: number | null;
};

function resultOf(row: JobRow | undefined, queue: string): ClaimResult {
  if (!row) return { kind: 'missing' };
  if (row.hold_ms !== null) return { kind: 'held', delayMs: row.hold_ms };
  // A parked job is delivered at its deadline; before it, the order's next event takes it along.
  if (row.state === 'ended' || (row.state === 'parked' && row.due_in_ms > 0)) return { kind: 'idle' };
  if (row.due_in_ms > 0) return { kind: 'later', delayMs: Math.ceil(row.due_in_ms) };
  return {
    kind: 'claimed',
    job: {
      id: row.id,
      name: row.name,
      queue,
      payload: row.payload,
      token: null,
      attemptsUsed: row.attempts_used,
      tries: row.tries + 1,
      crashes: row.crashes,
      wasLost: false,
      isProbe: false,
      orderId: row.order_id,
      destination: null,
      version: null,
      intentVersion: null,
      ackedVersion: 0,
      epoch: row.epoch,
      ageMs: row.age_ms,
      waitMs: Math.max(-row.due_in_ms, 0),
      traceparent: row.traceparent,
      tracestate: row.tracestate,
    },
  };
}
