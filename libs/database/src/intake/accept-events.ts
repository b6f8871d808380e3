import { applyOrderEvent, type Actor, type OrderEvent } from '@orderly/contracts';
import { newJob, type NewJob, type RunnableJob } from '@orderly/jobs';
import type { Database } from '../database';

/** An event that has passed validation, with what its request said about it. */
export interface AcceptedEvent {
  readonly event: OrderEvent;
  /** SHA-256 of the event as sent: tells a repeated event from another one under the same id. */
  readonly bodyHash: Buffer;
  /** The label of the batch that the event belongs to. */
  readonly batch: string | null;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  /** Who sent it. */
  readonly actor: Actor;
  /** Set for a manual change: it is applied or refused, never parked. */
  readonly manual?: { readonly expectedVersion: number | null };
}

/** What became of an event; `eventId` is ours, and for all but `accepted` that of the event that came first. */
export type IntakeResult =
  | { readonly status: 'accepted'; readonly eventId: string; readonly job: RunnableJob }
  | { readonly status: 'duplicate'; readonly eventId: string }
  /** Another event of this source has the id already: nothing was taken. */
  | { readonly status: 'reused'; readonly eventId: string };

/**
 * Stores events and the job that applies each, in one statement; within the call `acceptance` follows the order given. Events
 * that are known already change nothing.
 *
 * @param events - at most a few thousand
 * @returns one result per event, in the order given
 */
export async function acceptEvents(db: Pick<Database, 'query'>, events: readonly AcceptedEvent[]): Promise<IntakeResult[]> {
  const candidates = events.map((accepted) => ({ ...accepted, job: jobOf(accepted) }));
  const inserted = await db.query<{ event_id: string }>(insertStatement, columnsOf(candidates));
  const insertedIds = new Set(inserted.map((row) => row.event_id));

  // What another transaction committed meanwhile is not in the snapshot of the statement that ran into it: hence a second one.
  const known = await findKnown(
    db,
    candidates.filter(({ job }) => !insertedIds.has(job.id)),
  );
  return candidates.map((candidate): IntakeResult => {
    const { id, name, queue, priority } = candidate.job;
    if (insertedIds.has(id)) return { status: 'accepted', eventId: id, job: { id, name, queue, priority } };
    const first = known.get(keyOf(candidate.event));
    if (first === undefined) throw new Error('An event was neither inserted nor found');
    return { status: first.body_hash.equals(candidate.bodyHash) ? 'duplicate' : 'reused', eventId: first.event_id };
  });
}

/** The job that applies an event, and the event itself, have one id. */
type Candidate = AcceptedEvent & { readonly job: NewJob };
type KnownKey = { readonly source: string; readonly id: string; readonly event_id: string; readonly body_hash: Buffer };

// Keys are inserted in their order, so that two statements that share some wait for each other and never in a circle.
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

async function findKnown(db: Pick<Database, 'query'>, candidates: readonly Candidate[]): Promise<Map<string, KnownKey>> {
  if (candidates.length === 0) return new Map();
  const rows = await db.query<KnownKey>(
    `select source, id, keys.event_id, keys.body_hash
     from unnest($1::text[], $2::text[]) as wanted (source, id) join event_keys as keys using (source, id)`,
    [candidates.map(({ event }) => event.source), candidates.map(({ event }) => event.id)],
  );
  return new Map(rows.map((row) => [keyOf(row), row]));
}

// No source holds a NUL.
const keyOf = ({ source, id }: { readonly source: string; readonly id: string }): string => `${source}\0${id}`;

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
