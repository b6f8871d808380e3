import type { Actor } from '@orderly/contracts';
import type { Query } from '@orderly/database';
import { v7 as uuidv7 } from 'uuid';
import { recordAudit } from '../audit/record-audit';
import { lettersSql, type LetterFilter } from './letter-filter';
import { judgedSql, type LetterVerdict } from './judge-letters';

/** A person's request to send dead letters again. */
export interface RedriveRequest {
  readonly filter: LetterFilter;
  /** Letters sent per second. */
  readonly perSecond: number;
  /** Letters of each fingerprint that go first. The rest of a fingerprint follows if all of them succeed. */
  readonly first: number | null;
  readonly reason?: string | null;
  readonly actor: Actor;
  readonly traceId: string | null;
}

/** Bounds what one call counts. A redrive itself has no bound. */
export const maxMatched = 100_000;
/** Judging a letter may cost a look at its lane's other jobs, in every partition. */
const maxJudged = 20_000;

/** How many dead letters a filter matches, up to {@link maxMatched}. */
export async function countLetters(query: Query, filter: LetterFilter): Promise<number> {
  const { text, values } = lettersSql(filter, { maxWalked: maxMatched });
  const [row] = await query<{ count: number }>(`with ${text} select count(*) as count from letters`, values);
  return row?.count ?? 0;
}

/** Whether a dead letter has this fingerprint. */
export async function isKnownFingerprint(query: Query, fingerprint: string): Promise<boolean> {
  const rows = await query(`select from jobs where fingerprint = $1 and fingerprint is not null limit 1`, [fingerprint]);
  return rows.length > 0;
}

/** What a redrive would do now. */
export interface RedrivePreview extends Readonly<Record<LetterVerdict, number>> {
  readonly matched: number;
  /** False: only the oldest letters were looked at. */
  readonly isComplete: boolean;
}

/** Judges letters as a redrive would, and changes nothing. */
export async function previewRedrive(query: Query, filter: LetterFilter): Promise<RedrivePreview> {
  const matched = await countLetters(query, filter);
  const { text, values } = lettersSql(filter, { maxWalked: maxMatched });
  const rows = await query<{ verdict: LetterVerdict; count: number }>(
    `with ${text},
       some_letters as (select * from letters limit ${maxJudged}),
       judged as (${judgedSql('some_letters')})
     select verdict, count(*) as count from judged group by verdict`,
    values,
  );
  const count = (verdict: LetterVerdict): number => rows.find((row) => row.verdict === verdict)?.count ?? 0;
  const counts = { sent: count('sent'), superseded: count('superseded'), skipped: count('skipped') };
  return { matched, ...counts, isComplete: matched <= maxJudged };
}

/**
 * Stores a redrive. Workers carry it out; nothing but the ledger knows of it.
 *
 * @param query - of a transaction
 * @param matched - {@link countLetters} of the filter
 * @returns the id of the operation
 */
export async function startRedrive(query: Query, request: RedriveRequest, matched: number): Promise<string> {
  const { filter, perSecond, first, reason, actor, traceId } = request;
  const id = uuidv7();
  await query(
    `insert into operations
       (id, kind, state, phase, filter, per_second, first, matched, reason, actor, api_key_id, on_behalf_of, trace_id)
     values ($1, 'redrive', 'running', $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      id,
      first === null ? 'rest' : 'canaries',
      JSON.stringify(filter),
      perSecond,
      first,
      matched,
      reason ?? null,
      actor.name,
      actor.apiKeyId,
      actor.onBehalfOf,
      traceId,
    ],
  );
  await recordAudit({ query }, [
    {
      action: 'dead-letters.redrive_requested',
      actor,
      reason,
      traceId,
      orderId: filter.orderId,
      subject: filter.destination ?? filter.fingerprint ?? null,
      detail: { operationId: id, filter, matched, perSecond, first },
    },
  ]);
  return id;
}

/**
 * Ends an operation. Letters that were sent already stay sent.
 *
 * @param query - of a transaction
 * @returns false if there is no such operation; one that has ended is left as it is
 */
export async function cancelOperation(
  query: Query,
  id: string,
  { actor, reason, traceId }: Pick<RedriveRequest, 'actor' | 'reason' | 'traceId'>,
): Promise<boolean> {
  const cancelled = await query(
    `update operations set state = 'cancelled', ended_at = now() where id = $1 and state = 'running' returning id`,
    [id],
  );
  if (cancelled.length > 0) {
    await recordAudit({ query }, [{ action: 'operation.cancelled', actor, reason, traceId, subject: id }]);
    return true;
  }
  return (await query(`select from operations where id = $1`, [id])).length > 0;
}
