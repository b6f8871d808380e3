import type { Actor } from '@orderly/contracts';
import { recordAudit } from '../audit/record-audit';
import type { Database, Query } from '@orderly/database';

/** A queue, or one order. A destination is paused through its queue. */
export type PauseScope = 'queue' | 'order';

/** The pause of a queue or an order. */
export interface Pause {
  readonly since: Date;
  /** When the pause ends by itself; null if only a person ends it. */
  readonly until: Date | null;
  readonly reason: string | null;
  /** The name of the API key or of the program that requested the pause. */
  readonly actor: string | null;
  /** The person on whose behalf the actor acted. */
  readonly onBehalfOf: string | null;
}

/** Who pauses or resumes, and why: for the state that is shown and for the audit trail. */
export interface PauseRequest {
  readonly actor: Actor;
  /** Must be storable text: no NUL, no lone surrogate. */
  readonly reason?: string | null;
  readonly traceId?: string | null;
  /** After this time the pause ends by itself. @defaultValue never */
  readonly forSeconds?: number;
}

/** The result of pausing or resuming. */
export interface PauseResult {
  /** False if the requested state was there already. Then nothing is audited. */
  readonly changed: boolean;
  /** The present pause; null if there is none. */
  readonly paused: Pause | null;
}

/** A pause is a hold with this reason. */
export const pausedReason = 'paused';

/** {@link pause} for a queue, in a transaction of its own. */
export const pauseQueue = (db: Database, queue: string, request: PauseRequest): Promise<PauseResult> =>
  db.transaction((query) => pause(query, 'queue', queue, request));

/** {@link resume} for a queue, in a transaction of its own. */
export const resumeQueue = (db: Database, queue: string, request: PauseRequest): Promise<PauseResult> =>
  db.transaction((query) => resume(query, 'queue', queue, request));

/**
 * Pauses a queue or an order. Running jobs finish, and no job starts until it is resumed. Waiting jobs use no attempt. The hold of a
 * destination's pause belongs to its queue, because the destination's answers write and release the destination's own hold.
 *
 * @param query - of a transaction
 */
export async function pause(query: Query, scope: PauseScope, key: string, request: PauseRequest): Promise<PauseResult> {
  const { actor, reason, traceId, forSeconds } = request;
  const values = [scope, key, pausedReason, reason ?? null, actor.name, actor.onBehalfOf, forSeconds ?? null];
  const [paused] = await query<Pause>(pauseSql, values);
  if (paused === undefined) return { changed: false, paused: await findPause(query, scope, key) };
  const entry = { actor, reason, traceId, ...subjectOf(scope, key), ...(forSeconds !== undefined && { detail: { forSeconds } }) };
  await recordAudit({ query }, [{ action: `${scope}.paused`, ...entry }]);
  return { changed: true, paused };
}

/**
 * Ends a pause. Holds for other reasons stay, such as credentials that the destination refuses.
 *
 * @param query - of a transaction
 */
export async function resume(
  query: Query,
  scope: PauseScope,
  key: string,
  { actor, reason, traceId }: PauseRequest,
): Promise<PauseResult> {
  const [ended] = await query<Pause & { isOver: boolean }>(resumeSql, [scope, key, pausedReason]);
  if (ended === undefined || ended.isOver) return { changed: false, paused: null };
  const { isOver: _, ...paused } = ended;
  const entry = { actor, reason, traceId, ...subjectOf(scope, key), detail: { pause: paused } };
  await recordAudit({ query }, [{ action: `${scope}.resumed`, ...entry }]);
  return { changed: true, paused: null };
}

const subjectOf = (scope: PauseScope, key: string) => (scope === 'order' ? { orderId: key } : { subject: key });

/** The present pause; null if there is none. */
export async function findPause(query: Query, scope: PauseScope, key: string): Promise<Pause | null> {
  const [paused] = await query<Pause>(
    `select ${pauseColumns} from holds where scope = $1 and key = $2 and reason = $3 and until > now()`,
    [scope, key, pausedReason],
  );
  return paused ?? null;
}

/** A pause without an end has one in 100 years: see {@link pauseSql}. */
export const pauseEnd = (column: string): string => `case when ${column} < now() + interval '50 years' then ${column} end`;

const pauseColumns = `since, ${pauseEnd('until')} as until, note as reason, actor, on_behalf_of as "onBehalfOf"`;

/**
 * $1 scope, $2 key, $3 {@link pausedReason}, $4 reason, $5 actor, $6 on whose behalf, $7 seconds or null. Without an end of its own
 * the hold ends in 100 years. It is not `infinity`, because PostgreSQL before 17 cannot subtract from that. It replaces a hold that a
 * job wrote. If the reason of that hold still applies, the next job writes it again. A pause with an end replaces an earlier pause.
 */
const pauseSql = `
  insert into holds (scope, key, reason, until, note, actor, on_behalf_of)
  values ($1, $2, $3, now() + coalesce(make_interval(secs => $7::float8), interval '100 years'), $4, $5, $6)
  on conflict (scope, key) do update
    set reason = excluded.reason, until = excluded.until, since = now(), note = excluded.note, actor = excluded.actor,
      on_behalf_of = excluded.on_behalf_of
    where holds.reason <> excluded.reason or holds.until <= now() or $7::float8 is not null
  returning ${pauseColumns}`;

/** $1 scope, $2 key, $3 {@link pausedReason}. */
const resumeSql = `
  delete from holds where scope = $1 and key = $2 and reason = $3 returning ${pauseColumns}, until <= now() as "isOver"`;
