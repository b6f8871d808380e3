import { destinationOfQueue, syncQueueName } from '@orderly/contracts';
import { liveness } from '@orderly/jobs';
import type { Query } from '@orderly/database';
import { type Pause, pausedReason, pauseEnd } from '@orderly/ledger';

/** The facts that decide whether the jobs of a queue run at all. */
export interface QueueFacts {
  readonly name: string;
  /** The destination that the queue serves; null for a queue of another kind. */
  readonly destination: string | null;
  readonly paused: Pause | null;
  /** Why the destination waits for another reason than a pause. */
  readonly hold: HoldRecord | null;
  /** The number of living processes that work on the queue. With 0 nothing runs. */
  readonly workers: number;
}

/** A recorded reason why a destination waits. */
interface HoldRecord {
  /** An error code, or `throttled`. */
  readonly reason: string;
  readonly since: Date;
  /** For `throttled` the end of the hold; otherwise the time when the next single job may try. */
  readonly until: Date;
}

/** Reads the facts of the named queues, sorted by name. */
export async function readQueueFacts(query: Query, queues: readonly string[]): Promise<QueueFacts[]> {
  const rows = await query<QueueRow>(queueFactsSql, [queues, pausedReason, syncQueueName(''), liveness.staleMs]);
  return rows.map((row) => ({
    name: row.queue,
    destination: destinationOfQueue(row.queue) ?? null,
    paused: row.paused_since && {
      since: row.paused_since,
      until: row.paused_until,
      reason: row.note,
      actor: row.actor,
      onBehalfOf: row.on_behalf_of,
    },
    hold: row.hold_since && row.hold_until && { reason: row.hold_reason ?? '', since: row.hold_since, until: row.hold_until },
    workers: row.workers,
  }));
}

type QueueRow = {
  queue: string;
  paused_since: Date | null;
  paused_until: Date | null;
  note: string | null;
  actor: string | null;
  on_behalf_of: string | null;
  hold_reason: string | null;
  hold_since: Date | null;
  hold_until: Date | null;
  workers: number;
};

/**
 * $1 queues, $2 {@link pausedReason}, $3 the prefix of a destination's queue, $4 the age in ms at which a heartbeat is stale. A
 * throttle or pause that is over may still be in the table, so it is left out here.
 */
const queueFactsSql = `
  select k.queue, p.since as paused_since, ${pauseEnd('p.until')} as paused_until, p.note, p.actor, p.on_behalf_of,
    h.reason as hold_reason, h.since as hold_since, h.until as hold_until,
    (
      select count(*) from processes w where k.queue = any(w.queues) and w.beat_at > now() - make_interval(secs => $4 / 1000.0)
    ) as workers
  from unnest($1::text[]) as k(queue)
  left join holds p on p.scope = 'queue' and p.key = k.queue and p.reason = $2 and p.until > now()
  left join holds h on (h.reason <> 'throttled' or h.until > now())
    and ((h.scope = 'destination' and k.queue = $3 || h.key) or (h.scope = 'queue' and h.key = k.queue and h.reason <> $2))
  order by k.queue`;
