import type { Actor } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import type { RunnableJob } from '@orderly/jobs';
import { recordAudit } from '../audit/record-audit';
import { idRange } from '../jobs/id-range';
import { advanceLanes } from './advance-lanes';
import { lettersSql, type LetterFilter } from './letter-filter';
import { entryOf, lockLanesOf } from './reopen-letters';

/** A person's decision to give up dead letters. */
export interface DiscardRequest {
  readonly filter: LetterFilter;
  readonly reason: string;
  readonly actor: Actor;
  readonly traceId?: string | null;
}

export interface DiscardResult {
  readonly discarded: number;
  /** More letters match: one call discards at most {@link maxDiscarded}. */
  readonly isMore: boolean;
  /** Jobs that stood behind discarded ones: the relay's work after the commit. */
  readonly runnable: RunnableJob[];
}

/** Bounds the locks and the time of one call. */
export const maxDiscarded = 5000;

/**
 * Gives up dead letters: their jobs end as `discarded`, and the lanes that they blocked continue.
 *
 * @param query - of a transaction
 */
export async function discardLetters(query: Query, { filter, ...action }: DiscardRequest): Promise<DiscardResult> {
  const { text, values } = lettersSql(filter, { maxWalked: maxWalkedToDiscard });
  const found = await query<{ id: string }>(`with ${text} select id from letters limit ${maxDiscarded + 1}`, values);
  const ids = found.slice(0, maxDiscarded).map(({ id }) => id);
  if (ids.length === 0) return { discarded: 0, isMore: false, runnable: [] };
  const { lowest, highest } = idRange(ids);
  const lanes = await lockLanesOf(query, ids);
  const discarded = await query<{ id: string; queue: string; order_id: string | null; destination: string | null }>(discardSql, [
    ids,
    lowest,
    highest,
  ]);
  const runnable = await advanceLanes(query, lanes);
  await recordAudit(
    { query },
    discarded.map((letter) => entryOf(letter, { ...action, action: 'job.discarded' })),
  );
  return { discarded: discarded.length, isMore: found.length > ids.length, runnable };
}

/** Takes a second at most. */
const maxWalkedToDiscard = 100_000;

/** $1 ids, $2 and $3 the lowest and highest of them. The code and message of the failure stay. */
const discardSql = `
  with letters as (
    select id from jobs where id = any($1::uuid[]) and id between $2 and $3 and outcome || '' = 'dead' order by id for update
  )
  update jobs j set outcome = 'discarded', fingerprint = null, ended_at = now()
  from letters l
  where j.id = l.id and j.id = any($1::uuid[]) and j.id between $2 and $3
  returning j.id, j.queue, j.order_id, j.destination`;
