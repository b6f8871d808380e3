import { destinationOfQueue, jobPriority, queueNames, syncQueueName, type JobPriority } from '@orderly/contracts';
import { liveness } from '@orderly/jobs';
import type { Database } from '../database';
import { pausedReason, type Pause } from '../operator/pause-queue';
import { knownQueues } from './known-queues';
import { readQueueRates, type QueueRates } from './read-queue-rates';

/**
 * Where the open jobs of a queue stand: due and waiting for a worker (`runnable`), not due yet (`delayed`), tried before and waiting
 * to be tried again (`retrying`), running, behind the head of their lane (`blocked`), or early events (`parked`).
 */
export const queueStates = ['runnable', 'delayed', 'retrying', 'running', 'blocked', 'parked'] as const;
export type QueueState = (typeof queueStates)[number];

/** Jobs by the name of their priority, and all of them. */
export type PriorityCounts = Readonly<Record<JobPriority | 'total', number>>;

/** A recorded reason why a destination waits. */
export interface HoldRecord {
  /** An error code, or `throttled`. */
  readonly reason: string;
  readonly since: Date;
  /** Throttled: over then. Else the next time that one job may try. */
  readonly until: Date;
}

/** A queue as it is now. */
export interface QueueRecord {
  readonly name: string;
  readonly destination: string | null;
  readonly paused: Pause | null;
  /** Why its destination waits, apart from a pause. */
  readonly hold: HoldRecord | null;
  /** Living processes that work on it. */
  readonly workers: number;
  readonly counts: Readonly<Record<QueueState, PriorityCounts>>;
  /** How long the due job that has waited longest has waited; null where none is due. */
  readonly oldestWaitMs: number | null;
  readonly rates: QueueRates;
}

/**
 * All queues that are known: the fixed ones, those that processes work on, those that have jobs or a pause. The counts are of one
 * moment. A pass over an index per queue and state: with a million open jobs, half a second.
 */
export async function readQueues(db: Database): Promise<QueueRecord[]> {
  return db.transaction(async (query) => {
    await query('set transaction isolation level repeatable read, read only');
    // Compiling the statement takes as long as running it.
    await query('set local jit = off');
    const names = [...Object.values(queueNames), ...(await knownQueues({ query }))];
    const values = [names, pausedReason, liveness.staleMs, syncQueueName('')];
    const rows = await query<QueueRow>(queuesSql, values);
    const ratesOf = await readQueueRates(
      query,
      rows.map(({ queue }) => queue),
    );
    return rows.map((row) => queueOf(row, ratesOf(row.queue)));
  });
}

const queueOf = (row: QueueRow, rates: QueueRates): QueueRecord => ({
  name: row.queue,
  destination: destinationOfQueue(row.queue) ?? null,
  paused: row.paused_since && { since: row.paused_since, reason: row.note, actor: row.actor },
  hold: row.hold_since && row.hold_until && { reason: row.hold_reason ?? '', since: row.hold_since, until: row.hold_until },
  workers: row.workers,
  counts: countsOf(row.counts ?? []),
  oldestWaitMs: row.oldest_wait_ms,
  rates,
});

type QueueRow = {
  queue: string;
  paused_since: Date | null;
  note: string | null;
  actor: string | null;
  hold_reason: string | null;
  hold_since: Date | null;
  hold_until: Date | null;
  workers: number;
  oldest_wait_ms: number | null;
  counts: Count[] | null;
};

type Count = { readonly state: string; readonly priority: number; readonly count: number };

/** The ledger's state `runnable` is three of ours: what waits for a time or for another try is counted apart, and taken off. */
function countsOf(counts: readonly Count[]): QueueRecord['counts'] {
  const ofPriority = (state: QueueState, priority: number): number => {
    const find = (wanted: string): number => counts.find((c) => c.state === wanted && c.priority === priority)?.count ?? 0;
    return state === 'runnable' ? find('runnable') - find('delayed') - find('retrying') : find(state);
  };
  const ofState = (state: QueueState): PriorityCounts => {
    const entries = Object.entries(jobPriority).map(([name, priority]) => [name, ofPriority(state, priority)] as const);
    return { ...Object.fromEntries(entries), total: entries.reduce((sum, [, count]) => sum + count, 0) } as PriorityCounts;
  };
  return Object.fromEntries(queueStates.map((state) => [state, ofState(state)])) as QueueRecord['counts'];
}

/** $1 names that are known already, $2 {@link pausedReason}, $3 after how many ms a heartbeat is stale, $4 what a destination's queue begins with. */
const queuesSql = `
  with known as (
    select queue from unnest($1::text[]) as named(queue)
    union select unnest(queues) from processes
    union select key from holds where scope = 'queue'
  ),
  counted as (
    select k.queue, s.state, j.priority, j.count
    from known k
    cross join unnest(array['runnable', 'running', 'blocked', 'parked']) as s(state)
    cross join lateral (select priority, count(*) from jobs where queue = k.queue and state = s.state group by priority) j
    union all
    select k.queue, 'retrying', j.priority, j.count
    from known k
    cross join lateral (
      select priority, count(*) from jobs
      where queue = k.queue and state = 'runnable' and wait_reason is not null
      group by priority
    ) j
    union all
    select k.queue, 'delayed', j.priority, j.count
    from known k
    cross join lateral (
      select priority, count(*) from jobs
      where queue = k.queue and state = 'runnable' and wait_reason is null and run_at > now()
      group by priority
    ) j
  )
  select k.queue, p.since as paused_since, p.note, p.actor,
    h.reason as hold_reason, h.since as hold_since, h.until as hold_until,
    (
      select count(*) from processes w where k.queue = any(w.queues) and w.beat_at > now() - make_interval(secs => $3 / 1000.0)
    ) as workers,
    (
      select extract(epoch from now() - run_at)::float8 * 1000 from jobs
      where queue = k.queue and state in ('runnable', 'parked') and run_at <= now()
      order by run_at
      limit 1
    ) as oldest_wait_ms,
    (select json_agg(json_build_object('state', c.state, 'priority', c.priority, 'count', c.count)) from counted c where c.queue = k.queue)
      as counts
  from known k
  left join holds p on p.scope = 'queue' and p.key = k.queue and p.reason = $2
  left join holds h on h.scope = 'destination' and k.queue = $4 || h.key and (h.reason <> 'throttled' or h.until > now())
  order by k.queue`;
