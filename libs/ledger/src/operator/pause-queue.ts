import type { Actor } from '@orderly/contracts';
import { recordAudit } from '../audit/record-audit';
import type { Database, Query } from '@orderly/database';

/** Who paused a queue, when and why. */
export interface Pause {
  readonly since: Date;
  readonly reason: string | null;
  /** The API key's name, or whatever else did it. */
  readonly actor: string | null;
  /** The person for whom. */
  readonly onBehalfOf: string | null;
}

/** Who pauses or resumes, and why: for the queue's state and for the audit trail. */
export interface PauseRequest {
  readonly actor: Actor;
  /** Storable text. */
  readonly reason?: string | null;
  readonly traceId?: string | null;
}

export interface PauseResult {
  /** False where the queue was as it was asked to be: the audit trail has nothing new then. */
  readonly changed: boolean;
  /** As it is now. */
  readonly paused: Pause | null;
}

/** The reason of the hold that is a pause. */
export const pausedReason = 'paused';

/**
 * Pauses a queue: what runs goes on to its end, and nothing new is started until it is resumed. The jobs stay as they are and use
 * no attempt. A hold of the queue itself, not of its destination: answers of the destination write and release that one.
 */
export async function pauseQueue(db: Database, queue: string, { actor, reason, traceId }: PauseRequest): Promise<PauseResult> {
  return db.transaction(async (query) => {
    const [paused] = await query<Pause>(pauseSql, [queue, pausedReason, reason ?? null, actor.name, actor.onBehalfOf]);
    if (paused === undefined) return { changed: false, paused: await findPause({ query }, queue) };
    await recordAudit({ query }, [{ action: 'queue.paused', subject: queue, actor, reason, traceId }]);
    return { changed: true, paused };
  });
}

/** Lets a paused queue go on. What else holds it, such as credentials that its destination refuses, stays. */
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
 * $1 queue, $2 {@link pausedReason}, $3 why, $4 who, $5 for whom. So far ahead that no job tries whether it is over; not `infinity`, as
 * PostgreSQL before 17 cannot subtract from that.
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
