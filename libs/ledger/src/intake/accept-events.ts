import { applyOrderEvent, type Actor, type OrderEvent } from '@orderly/contracts';
import { newJob, type NewJob, type RunnableJob } from '@orderly/jobs';
import type { Database } from '@orderly/database';

/** A validated event, with the facts of its request. */
export interface AcceptedEvent {
  readonly event: OrderEvent;
  /** SHA-256 of the event as sent: tells a repeated event from another one under the same id. */
  readonly bodyHash: Buffer;
  /** The label of the batch that the event belongs to. */
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** The trace id in the audit entry of a repeated event. @defaultValue the trace id of `traceparent` */
  readonly requestTraceId?: string;
  /** Who sent it. */
  readonly actor: Actor;
  /** Set for a manual change: it is applied or refused, never parked. */
  readonly manual?: { readonly expectedVersion: number | null };
}

/** The result for one event. `eventId` is ours; unless `accepted`, it is the id of the event that came first. */
export type IntakeResult =
  | { readonly status: 'accepted'; readonly eventId: string; readonly job: RunnableJob }
  | { readonly status: 'duplicate'; readonly eventId: string }
  /** Another event of this source already has the id: nothing was stored. */
  | { readonly status: 'reused'; readonly eventId: string };

/**
 * Stores events and the job that applies each, in one statement; within the call, `acceptance` follows the order given. A known
 * event changes nothing but gets an entry in the audit trail.
 *
 * @param events - at most a few thousand
 * @returns one result per event, in the order given
 */
export const acceptEvents = (db: Pick<Database, 'query'>, events: readonly AcceptedEvent[]): Promise<IntakeResult[]> =>
  acceptCandidates(db, events.map(candidateOf));

/** An event to be stored. Its id stays the same over all tries, and its job has the same id. */
export type Candidate = AcceptedEvent & { readonly job: NewJob };

export const candidateOf = (accepted: AcceptedEvent): Candidate => ({ ...accepted, job: jobOf(accepted) });

/**
 * Like {@link acceptEvents}, and may be called again with the same candidates if the commit of the first call is uncertain: its
 * events then count as accepted, not as duplicates of themselves.
 */
export async function acceptCandidates(db: Pick<Database, 'query'>, candidates: readonly Candidate[]): Promise<IntakeResult[]> {
  const inserted = await db.query<{ event_id: string }>(insertStatement, columnsOf(candidates));
  const insertedIds = new Set(inserted.map((row) => row.event_id));

  // A second statement is needed: the snapshot of the first lacks a row whose commit it had to wait for.
  const known = await findKnown(
    db,
    candidates.filter(({ job }) => !insertedIds.has(job.id)),
  );
  return candidates.map((candidate): IntakeResult => {
    const { id, name, queue, priority } = candidate.job;
    const first = known.get(id);
    if (insertedIds.has(id) || first?.event_id === id) {
      return { status: 'accepted', eventId: id, job: { id, name, queue, priority } };
    }
    if (first === undefined) throw new Error('An event was neither inserted nor found');
    return { status: first.is_same ? 'duplicate' : 'reused', eventId: first.event_id };
  });
}

// Keys are inserted in sorted order, so that two statements with common keys cannot deadlock.
const insertStatement = `
  with input as (
    select * from unnest(
      $1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::jsonb[], $8::boolean[],
      $9::bytea[], $10::text[], $11::text[], $12::text[],
      $13::text[], $14::text[], $15::smallint[], $16::jsonb[],
      $17::text[], $18::uuid[], $19::text[], $20::boolean[], $21::integer[]
    ) with ordinality as input (
      event_id, source, id, type, order_id, occurred_at, data, notify, body_hash, batch, traceparent, tracestate,
      name, queue, priority, payload, actor, api_key_id, on_behalf_of, manual, expected_version, position
    )
  ), keys as (
    insert into event_keys (source, id, event_id, order_id, body_hash)
    select source, id, event_id, order_id, body_hash from input order by source collate "C", id collate "C", position
    on conflict do nothing
    returning event_id
  ), stored as (
    insert into events (event_id, source, id, type, order_id, occurred_at, data, notify, batch, traceparent, tracestate,
      actor, api_key_id, on_behalf_of, manual, expected_version)
    select event_id, source, id, type, order_id, occurred_at, data, notify, batch, traceparent, tracestate,
      actor, api_key_id, on_behalf_of, manual, expected_version
    from input join keys using (event_id) order by position
  ), queued as (
    insert into jobs (id, name, queue, priority, payload, state, order_id, batch, traceparent, tracestate)
    select event_id, name, queue, priority, payload, 'runnable', order_id, batch, traceparent, tracestate
    from input join keys using (event_id)
  )
  select event_id from keys`;

function columnsOf(candidates: readonly Candidate[]): unknown[] {
  const column = (valueOf: (candidate: Candidate) => unknown): unknown[] => candidates.map(valueOf);
  return [
    column(({ job }) => job.id),
    column(({ event }) => event.source),
    column(({ event }) => event.id),
    column(({ event }) => event.type),
    column(({ event }) => event.orderId),
    column(({ event }) => event.occurredAt),
    column(({ event }) => JSON.stringify(event.data)),
    column(({ event }) => event.notify ?? true),
    column(({ bodyHash }) => bodyHash),
    column(({ batch }) => batch),
    column(({ traceparent }) => traceparent),
    column(({ tracestate }) => tracestate),
    column(({ job }) => job.name),
    column(({ job }) => job.queue),
    column(({ job }) => job.priority),
    column(({ job }) => JSON.stringify(job.payload)),
    column(({ actor }) => actor.name),
    column(({ actor }) => actor.apiKeyId),
    column(({ actor }) => actor.onBehalfOf),
    column(({ manual }) => manual !== undefined),
    column(({ manual }) => manual?.expectedVersion ?? null),
  ];
}

/** The event that came first under a candidate's key, and whether it is the same event. */
type Known = { readonly id: string; readonly event_id: string; readonly is_same: boolean };

async function findKnown(db: Pick<Database, 'query'>, candidates: readonly Candidate[]): Promise<Map<string, Known>> {
  if (candidates.length === 0) return new Map();
  const column = (valueOf: (candidate: Candidate) => unknown): unknown[] => candidates.map(valueOf);
  const rows = await db.query<Known>(knownStatement, [
    column(({ job }) => job.id),
    column(({ event }) => event.source),
    column(({ event }) => event.id),
    column(({ bodyHash }) => bodyHash),
    JSON.stringify(candidates.map(repetitionRow)),
  ]);
  return new Map(rows.map((row) => [row.id, row]));
}

/**
 * $1 ids of candidates, $2 sources, $3 ids of events, $4 hashes, $5 an entry for the audit trail of each (JSON). An entry has its
 * candidate's id, so that a call that is repeated writes it once.
 */
const knownStatement = `
  with known as (
    select wanted.id, keys.event_id, keys.body_hash = wanted.body_hash as is_same
    from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[]) as wanted (id, source, event_key, body_hash)
    join event_keys as keys on keys.source = wanted.source and keys.id = wanted.event_key
  ), audited as (
    insert into audit (id, action, order_id, event_id, source, code, reason, actor, api_key_id, on_behalf_of, trace_id, detail)
    select known.id, case when is_same then 'event.duplicate' else 'event.rejected' end, order_id, event_id, source,
      case when not is_same then 'event-id-reused' end, case when not is_same then 'another event of this source has the id' end,
      actor, api_key_id, on_behalf_of, trace_id, detail
    from known join jsonb_to_recordset($5::jsonb) as entry (
      id uuid, order_id text, source text, actor text, api_key_id uuid, on_behalf_of text, trace_id text, detail jsonb) using (id)
    where event_id <> known.id
    on conflict (id) do nothing
  )
  select id, event_id, is_same from known`;

const repetitionRow = ({ job, event, actor, traceparent, requestTraceId }: Candidate): object => ({
  id: job.id,
  order_id: event.orderId,
  source: event.source,
  actor: actor.name,
  api_key_id: actor.apiKeyId,
  on_behalf_of: actor.onBehalfOf,
  trace_id: requestTraceId ?? traceparent?.split('-')[1],
  detail: { id: event.id },
});

const jobOf = ({ event, batch, traceparent, tracestate }: AcceptedEvent): NewJob =>
  newJob(
    applyOrderEvent,
    { orderId: event.orderId },
    {
      priority: event.type === 'order.created' ? 'high' : undefined,
      orderId: event.orderId,
      batch,
      traceparent,
      tracestate,
    },
  );
