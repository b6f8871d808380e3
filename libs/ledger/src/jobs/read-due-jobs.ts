import type { ReadResult } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { orderCheckMs } from './claim-jobs';
import { idRange } from './id-range';

/**
 * Reads jobs whose failure is to be settled without a claim. Nothing is locked: the settlement is written only if the job has
 * not been tried meanwhile.
 *
 * @returns one result per id, in their order
 */
export async function readDueJobs(db: Pick<Database, 'query'>, ids: readonly string[], queue: string): Promise<ReadResult[]> {
  const { lowest, highest } = idRange(ids);
  const rows = await db.query<JobRow>(
    `select j.id, j.name, j.attempts_used, j.tries, j.crashes, j.in_doubt, j.order_id, j.destination, j.state, j.traceparent,
       j.tracestate,
       extract(epoch from now() - coalesce(j.redriven_at, j.created_at))::float8 * 1000 as age_ms,
       extract(epoch from j.run_at - now())::float8 * 1000 as due_in_ms,
       extract(epoch from h.until - now())::float8 * 1000 as hold_ms,
       extract(epoch from o.until - now())::float8 * 1000 as order_hold_ms
     -- Fenced off, for an index that begins with the queue would lead through all of its jobs.
     from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
     left join holds h on h.scope = 'queue' and h.key = $4 and h.until > now()
     left join holds o on o.scope = 'order' and o.key = j.order_id and o.until > now()
     where j.queue = $4`,
    [ids, lowest, highest, queue],
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => resultOf(byId.get(id), queue));
}

type JobRow = {
  id: string;
  name: string;
  attempts_used: number;
  tries: number;
  crashes: number;
  in_doubt: boolean;
  order_id: string | null;
  destination: string | null;
  state: string;
  traceparent: string | null;
  tracestate: string | null;
  age_ms: number;
  due_in_ms: number;
  hold_ms: number | null;
  order_hold_ms: number | null;
};

/** How soon a job is delivered again that another process has claimed, in ms. */
const claimedElsewhereMs = 5000;

function resultOf(row: JobRow | undefined, queue: string): ReadResult {
  if (!row) return { kind: 'missing' };
  if (row.hold_ms !== null) return { kind: 'held', delayMs: row.hold_ms };
  // A parked job is delivered at its deadline; before it, the order's next event takes it along.
  if (row.state === 'ended' || row.state === 'blocked' || (row.state === 'parked' && row.due_in_ms > 0)) return { kind: 'idle' };
  if (row.state === 'running') return { kind: 'later', delayMs: claimedElsewhereMs };
  if (row.due_in_ms > 0) return { kind: 'later', delayMs: Math.ceil(row.due_in_ms) };
  if (row.order_hold_ms !== null) return { kind: 'later', delayMs: Math.min(Math.ceil(row.order_hold_ms), orderCheckMs) };
  return {
    kind: 'due',
    job: {
      id: row.id,
      name: row.name,
      queue,
      attemptsUsed: row.attempts_used,
      tries: row.tries + 1,
      crashes: row.crashes,
      isInDoubt: row.in_doubt,
      orderId: row.order_id,
      destination: row.destination,
      ageMs: row.age_ms,
      waitMs: Math.max(-row.due_in_ms, 0),
      traceparent: row.traceparent,
      tracestate: row.tracestate,
    },
  };
}
