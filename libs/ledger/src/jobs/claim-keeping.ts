import type { ClaimKeeping } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { claimedJobOf, type ClaimRow } from './claim-jobs';

/** Reads the claims of one process. The number is bounded: the oldest come first. */
export const createClaimKeeping = (db: Pick<Database, 'query'>, processId: string): ClaimKeeping => ({
  heldClaims: async () => (await db.query<ClaimRow>(heldSql, [processId])).map(claimedJobOf),
});

/** $1 process. */
const heldSql = `
  select j.id, j.name, j.queue, j.payload, j.claim_token as token, j.attempts_used, j.tries, j.crashes, j.in_doubt, j.order_id, j.destination,
    j.version, j.intent_version, j.epoch, j.traceparent, j.tracestate,
    extract(epoch from now() - coalesce(j.redriven_at, j.created_at))::float8 * 1000 as age_ms, 0::float8 as due_in_ms, null as hold_reason
  from jobs j
  where j.state = 'running' and j.claimed_by = $1
  order by j.claimed_at
  limit 1000`;
