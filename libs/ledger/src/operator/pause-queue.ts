import type { Actor } from '@orderly/contracts';
import { recordAudit } from '../audit/record-audit';
import type { Database, Query } from '@orderly/database';

/** The pause of a queue. */
export interface Pause {
  readonly since: Date;
  readonly reason: string | null;
  /** The name of the API key or of the program that paused the queue. */
  readonly actor: string | null;
  /** The person on whose behalf the actor acted. */
  readonly onBehalfOf: string | null;
}

/** Who pauses or resumes a queue, and why: for the queue's state and for the audit trail. */
export interface PauseRequest {
  readonly actor: Actor;
  /** Must be storable text: no NUL, no lone surrogate. */
  readonly reason?: string | null;
  readonly traceId?: string | null;
}

/** The result of pausing or resuming a queue. */
export interface PauseResult {
  /** False if the queue already was in the requested state. Then nothing is audited. */
  readonly changed: boolean;
  /** The present pause; null if the queue is not paused. */
  readonly paused: Pause | null;
}

/** A pause is a hold with this reason. */
export const pausedReason = 'paused';

/**
 * Pauses a queue. Running jobs finish, and no job starts until the queue is resumed. Waiting jobs use no attempt. The hold is one
 * of the queue and not of its destination, because the destination's answers write and release the latter.
 */
export async function pauseQueue(db: Database, queue: string, { actor, reason, traceId }: PauseRequest): Promise<PauseResult> {
  return db.transaction(async (query) => {
    const [paused] = await query<Pause>(pauseSql, [queue, pausedReason, reason ?? null, actor.name, actor.onBehalfOf]);
    if (paused === undefined) return { changed: false, paused: await findPause({ query }, queue) };
    await recordAudit({ query }, [{ action: 'queue.paused', subject: queue, actor, reason, traceId }]);
    return { changed: true, paused };
  });
}

/** Resumes a paused queue. Holds for other reasons stay, such as credentials that the destination refuses. */
export async function resumeQueue(db: Database, queue: string, { actor, reason, traceId }: PauseRequest): Promise<PauseResult> {
  return db.transaction(async (query) => {
    const [pause] = await query<Pause>(resumeSql, [queue, pausedReason]);
    if (pause === undefined) return { changed: false, paused: null };
    await recordAudit({ query }, [{ action: 'queue.resumed', subject: queue, actor, reason, traceId, detail: { pause } }]);
    return { changed: true, paused: null };
  });
}

async function findPause(db: { readonly query: Query }, queue: string): Promise<Pause | null> {
  const [pause] = await db.query<Pause>(`select ${pauseColumns} from holds where scope = 'queue' and key = $1 and reason = $2`, [
    queue,
    pausedReason,
  ]);
  return pause ?? null;
}

const pauseColumns = 'since, note as reason, actor, on_behalf_of as "onBehalfOf"';

/**
 * $1 queue, $2 {@link pausedReason}, $3 reason, $4 actor, $5 on whose behalf. The hold ends in 100 years, so that no job tries
 * whether it is over. It is not `infinity`, because PostgreSQL before 17 cannot subtract from that. It replaces a hold that a
 * job wrote. If the reason of that hold still applies, the next job writes it again.
 */
const pauseSql = `
  insert into holds (scope, key, reason, until, note, actor, on_behalf_of)
  values ('queue', $1, $2, now() + interval '100 years', $3, $4, $5)
  on conflict (scope, key) do update
    set reason = excluded.reason, until = excluded.until, since = now(), note = excluded.note, actor = excluded.actor,
      on_behalf_of = excluded.on_behalf_of
    where holds.reason <> excluded.reason
  returning ${pauseColumns}`;

/** $1 queue, $2 {@link pausedReason}. */
const resumeSql = `
  delete from holds where scope = 'queue' and key = $1 and reason = $2 returning ${pauseColumns}`;
