import type { Database, Query } from '@orderly/database';
import type { CleanupOptions } from './cleanup-report';
import { isLockTrouble, withShortLocks } from './short-locks';

/** A week whose rows are all past retention, and what there still is of it. */
interface ExpiredWeek {
  /** Such as `2026w07`. */
  readonly week: string;
  /** The lowest id of the week, and the lowest of the next. */
  readonly from: string;
  readonly to: string;
  /** Partitions by their parents' names. */
  readonly partitions: Readonly<Partial<Record<Parent, string>>>;
}

export interface DroppedPartitions {
  readonly dropped: readonly string[];
  /** Weeks past retention that stay, such as `2026w07: open jobs`. */
  readonly kept: readonly string[];
  /** Of the dropped ones; estimated from a sample. */
  readonly rows: number;
  readonly bytes: number;
  readonly isComplete: boolean;
}

/** How long rows are kept, in days, to the end of their week. */
export interface Retention {
  /** Events, jobs, attempts and messages. */
  readonly retentionDays: number;
  /** The audit trail, which has nothing to wait for. */
  readonly auditRetentionDays: number;
}

/** Jobs go first: while those of a week are there, the rest of it is wanted. */
const parents = ['jobs', 'attempts', 'messages', 'events'] as const;
const allParents = [...parents, 'audit'] as const;
type Parent = (typeof allParents)[number];

/** Creates the partitions from this week to so many weeks ahead, a week per transaction; returns the new ones. */
export async function createPartitions(
  db: Pick<Database, 'transaction'>,
  weeksAhead: number,
  { signal }: Pick<CleanupOptions, 'signal'>,
): Promise<string[]> {
  const created: string[] = [];
  for (let weeks = 0; weeks <= weeksAhead; weeks += 1) {
    const rows = await withShortLocks(db, signal, async (query) => {
      await lockFullDefaults(query);
      return query<{ name: string }>('select ensure_partitions($1) as name', [weeks]);
    });
    created.push(...rows.map(({ name }) => name));
  }
  return created;
}

/**
 * Drops the partitions whose weeks ended longer ago than they are kept. A week with open jobs stays whole, and so does one with
 * a job that blocks its lane: a person still has to read it.
 */
export async function dropPartitions(
  db: Database,
  { retentionDays, auditRetentionDays }: Retention,
  { pause, signal }: CleanupOptions,
): Promise<DroppedPartitions> {
  const result = { dropped: [] as string[], kept: [] as string[], rows: 0, bytes: 0 };
  const expired = [
    ...(await findExpiredWeeks(db.query, parents, retentionDays)),
    ...(await findExpiredWeeks(db.query, ['audit'], auditRetentionDays)),
  ];
  for (const week of expired) {
    signal.throwIfAborted();
    if (week.partitions.audit === undefined && (await isWanted(db.query, week))) {
      result.kept.push(`${week.week}: open jobs`);
      continue;
    }
    for (const parent of allParents) {
      const name = week.partitions[parent];
      if (name === undefined) continue;
      const outcome = await dropPartition(db, parent, name, signal);
      if (outcome === 'open jobs' || outcome === 'busy') {
        result.kept.push(`${week.week}: ${outcome}`);
        break;
      }
      if (outcome === 'gone') continue;
      result.dropped.push(name);
      result.rows += outcome.rows;
      result.bytes += outcome.bytes;
    }
    if (!(await pause())) return { ...result, isComplete: false };
  }
  return { ...result, isComplete: true };
}

/**
 * Where rows are to be moved out of a default partition, nobody may be about to add to it: a statement that has chosen the
 * default partition fails when that is no longer the right one. So it has to wait before it chooses, at the parent's lock.
 */
async function lockFullDefaults(query: Query): Promise<void> {
  for (const parent of allParents) {
    const [row] = await query<{ full: boolean }>(`select exists (select from ${parent}_default) as full`);
    if (row?.full) await query(`lock table only ${parent}, ${parent}_default in access exclusive mode`);
  }
}

/** The weeks of some tables whose rows are all older than so many days. */
async function findExpiredWeeks(query: Query, tables: readonly Parent[], days: number): Promise<ExpiredWeek[]> {
  const rows = await query<Omit<ExpiredWeek, 'partitions'> & { parent: Parent; name: string }>(expiredSql, [tables, days]);
  return [...Map.groupBy(rows, ({ week }) => week).values()].flatMap((ofWeek) => {
    const [first] = ofWeek;
    const partitions: ExpiredWeek['partitions'] = Object.fromEntries(ofWeek.map(({ parent, name }) => [parent, name]));
    return first ? [{ week: first.week, from: first.from, to: first.to, partitions }] : [];
  });
}

/** $1 parents, $2 retention in days. A week is known by its bounds, which are ids, not by what its partitions are called. */
const expiredSql = `
  with bounded as (
    select p.relname as parent, c.relname as name, pg_get_expr(c.relpartbound, c.oid) as bounds
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
    where i.inhparent = any($1::text[]::regclass[]) and c.relname ~ '^[a-z]+_[0-9]{4}w[0-9]{2}$'
  ),
  weekly as (
    select parent, name, right(name, 7) as week, substring(bounds from 'FROM \\(''([0-9a-f-]{36})''\\)')::uuid as "from",
      substring(bounds from 'TO \\(''([0-9a-f-]{36})''\\)')::uuid as "to"
    from bounded
  )
  select * from weekly where "to" <= uuid_floor(now() - make_interval(days => $2)) order by "to"`;

/** Reads the week's jobs, without a lock: takes as long as it takes, and is in nobody's way. */
async function isWanted(query: Query, { from, to }: ExpiredWeek): Promise<boolean> {
  const [row] = await query<{ wanted: boolean }>(
    `select exists (select from jobs where id >= $1 and id < $2 and state <> 'ended')
       or exists (select from lanes where blocked_by is not null and blocked_by >= $1 and blocked_by < $2) as wanted`,
    [from, to],
  );
  return row?.wanted ?? true;
}

type DropOutcome = { readonly rows: number; readonly bytes: number } | 'gone' | 'open jobs' | 'busy';

async function dropPartition(db: Database, parent: Parent, name: string, signal: AbortSignal): Promise<DropOutcome> {
  try {
    return await withShortLocks(db, signal, async (query) => {
      await query(`select pg_advisory_xact_lock(hashtext('drop_partition'))`);
      const attached = await query(`select from pg_inherits where inhrelid = to_regclass($1)`, [name]);
      if (attached.length === 0) return 'gone';
      const size = await sizeOf(query, name);
      await query(`alter table ${parent} detach partition ${name}`);
      if (parent === 'jobs' && (await wasReopened(query, name))) throw new ReopenedError();
      await query(`drop table ${name}`);
      return size;
    });
  } catch (error) {
    if (error instanceof ReopenedError) return 'open jobs';
    if (isLockTrouble(error)) return 'busy';
    throw error;
  }
}

/** A sample tells how many rows there are: counting them would read them all. */
async function sizeOf(query: Query, name: string): Promise<{ rows: number; bytes: number }> {
  await query(`analyze ${name}`);
  const [size] = await query<{ rows: number; bytes: number }>(
    `select greatest(reltuples, 0)::bigint as rows, pg_total_relation_size(oid)::bigint as bytes
     from pg_class where oid = to_regclass($1)`,
    [name],
  );
  return size ?? { rows: 0, bytes: 0 };
}

/** Rolls the transaction back. */
class ReopenedError extends Error {}

/** A last look under the lock, by indexes alone: everybody waits for it. */
async function wasReopened(query: Query, name: string): Promise<boolean> {
  const [row] = await query<{ open: boolean }>(
    `select exists (select from ${name} where state in ('runnable', 'parked'))
       or exists (select from ${name} where state = 'running') as open`,
  );
  return row?.open ?? true;
}
