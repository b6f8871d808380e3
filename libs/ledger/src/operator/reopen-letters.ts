import type { Actor } from '@orderly/contracts';
import { runnableOf, type RunnableJob } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import type { AuditAction, AuditEntry } from '../audit/audit-entry';
import { recordAudit } from '../audit/record-audit';
import { idRange } from '../jobs/id-range';
import { ensureLanes } from '../orders/ensure-lanes';
import { advanceLanes, type LaneKey } from './advance-lanes';
import { judgedSql, type LetterVerdict } from './judge-letters';

/** Who acts on letters and why, for the audit trail. */
export interface LetterAction {
  readonly action: AuditAction;
  readonly actor: Actor;
  readonly reason?: string | null;
  readonly traceId?: string | null;
  /** The operation that carries the action out. */
  readonly operationId?: string | null;
}

/** The result of sending letters again. */
export interface Reopened {
  readonly counts: Readonly<Record<LetterVerdict, number>>;
  /** Jobs that may run now: the relay's work after the commit. */
  readonly runnable: RunnableJob[];
}

/**
 * Sends dead letters again, many in four statements: each letter is reopened with fresh attempts, or closed as superseded where its
 * destination has newer state. Lanes are locked first, so the decision about a letter and the fan-out of new versions see
 * each other. A letter that another operator has taken meanwhile is skipped.
 *
 * @param query - of a transaction
 */
export async function reopenLetters(query: Query, ids: readonly string[], action: LetterAction): Promise<Reopened> {
  if (ids.length === 0) return { counts: { sent: 0, superseded: 0, skipped: 0 }, runnable: [] };
  const { lowest, highest } = idRange(ids);
  const lanes = await lockLanesOf(query, ids);
  const letters = await query<ReopenedRow>(reopenSql, [ids, lowest, highest, action.operationId ?? null]);
  const heads = await advanceLanes(query, lanes);
  await recordAudit(
    { query },
    letters.filter(({ verdict }) => verdict !== 'skipped').map((letter) => entryOf(letter, action)),
  );
  const count = (wanted: LetterVerdict): number => letters.filter(({ verdict }) => verdict === wanted).length;
  const [sent, superseded] = [count('sent'), count('superseded')];
  return {
    counts: { sent, superseded, skipped: ids.length - sent - superseded },
    runnable: [
      ...letters.filter(({ verdict, destination }) => verdict === 'sent' && destination === null).map(runnableOf),
      ...heads,
    ],
  };
}

/** Locks the lanes of jobs, in the order of their keys. Jobs without a destination have none. */
export async function lockLanesOf(query: Query, ids: readonly string[]): Promise<LaneKey[]> {
  const { lowest, highest } = idRange(ids);
  const lanes = await query<{ order_id: string; destination: string }>(
    `select distinct order_id, destination
     from (select * from jobs where id = any($1::uuid[]) and id between $2 and $3 offset 0) as j
     where order_id is not null and destination is not null`,
    [ids, lowest, highest],
  );
  if (lanes.length === 0) return [];
  const locked = await ensureLanes(query, lanes);
  return locked.map(({ order_id, destination }) => ({ orderId: order_id, destination }));
}

/** The entry of one letter. */
export const entryOf = (
  {
    id,
    order_id,
    destination,
    queue,
    verdict,
  }: Pick<ReopenedRow, 'id' | 'order_id' | 'destination' | 'queue'> & { verdict?: string },
  { operationId, ...action }: LetterAction,
): AuditEntry => ({
  ...action,
  orderId: order_id,
  subject: destination ?? queue,
  detail: { jobId: id, ...(operationId && { operationId }), ...(verdict && { result: verdict }) },
});

type ReopenedRow = RunnableJob & { order_id: string | null; destination: string | null; verdict: LetterVerdict };

/**
 * $1 ids, $2 and $3 the lowest and highest of them, $4 the operation or null. A reopened job of a lane starts as blocked; its lane
 * decides about the head afterwards. The epoch, and with it the idempotency key, changes only if the last try got a definite
 * answer: a partner may remember its refusal. Without an answer the key stays, so that a request that arrived after all is
 * recognised.
 */
const reopenSql = `
  with letters as (
    select * from jobs where id = any($1::uuid[]) and id between $2 and $3 and outcome || '' = 'dead' order by id for update
  ),
  judged as (${judgedSql('letters')}),
  closed as (
    update jobs j set outcome = 'superseded', fingerprint = null, operation_id = coalesce($4, j.operation_id), ended_at = now()
    from judged l
    where j.id = l.id and j.id = any($1::uuid[]) and j.id between $2 and $3 and l.verdict = 'superseded'
  ),
  reopened as (
    update jobs j
    set state = case when l.destination is null then 'runnable' else 'blocked' end,
      wait_reason = case when l.destination is null then null else 'behind-head' end,
      run_at = now(), outcome = null, result_version = null, error_code = null, error_message = null, detail = null,
      fingerprint = null, attempts_used = 0, crashes = 0, ended_at = null, redriven_at = now(),
      operation_id = coalesce($4, j.operation_id), epoch = j.epoch + l.is_answered::int, in_doubt = j.in_doubt and not l.is_answered
    from (
      select g.id, g.destination, g.verdict, coalesce((
        select a.response_status < 500 from attempts a
        where a.job_id = g.id and a.job_id between $2 and $3
        order by a.number desc
        limit 1
      ), false) as is_answered
      from judged g
    ) l
    where j.id = l.id and j.id = any($1::uuid[]) and j.id between $2 and $3 and l.verdict = 'sent'
    returning j.id
  ),
  messages_again as (
    update messages m set state = 'queued', reason = null, updated_at = now()
    from reopened r
    where m.id = r.id and m.id = any($1::uuid[]) and m.id between $2 and $3
  )
  select id, name, queue, priority, order_id, destination, verdict from judged`;
