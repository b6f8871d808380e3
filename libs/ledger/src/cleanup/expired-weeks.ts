import type { Query } from '@orderly/database';

/** In the order of dropping. Jobs come first: if open jobs keep them, the week's other tables must stay too. */
export const logTables = ['jobs', 'attempts', 'messages', 'events'] as const;
export const partitionedTables = [...logTables, 'audit'] as const;
export type PartitionedTable = (typeof partitionedTables)[number];

/** A week whose rows are all past retention, with its remaining partitions. An interrupted run may have dropped some. */
export interface ExpiredWeek {
  /** Such as `2026w07`. */
  readonly week: string;
  /** The lowest id of the week. */
  readonly from: string;
  /** The lowest id of the next week. */
  readonly to: string;
  /** Names of partitions by the names of their parents. */
  readonly partitions: Readonly<Partial<Record<PartitionedTable, string>>>;
}

/** Finds the weeks of some tables whose rows are all older than `days`, the oldest first. */
export async function findExpiredWeeks(
  query: Query,
  tables: readonly PartitionedTable[],
  days: number,
): Promise<readonly ExpiredWeek[]> {
  const rows = await query<Omit<ExpiredWeek, 'partitions'> & { parent: PartitionedTable; name: string }>(expiredSql, [
    tables,
    days,
  ]);
  return [...Map.groupBy(rows, ({ week }) => week).values()].flatMap((ofWeek) => {
    const [first] = ofWeek;
    const partitions: ExpiredWeek['partitions'] = Object.fromEntries(ofWeek.map(({ parent, name }) => [parent, name]));
    return first ? [{ week: first.week, from: first.from, to: first.to, partitions }] : [];
  });
}

/** $1 parents, $2 retention in days. The age of a week is read from its partitions' bounds, not from their names. */
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
