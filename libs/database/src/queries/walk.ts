import { sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

/** Part of an index: all of its columns, and between which of their values. */
export interface IndexRange {
  readonly columns: readonly SQLWrapper[];
  readonly from: readonly unknown[];
  /** Exclusive. */
  readonly before: readonly unknown[];
}

/**
 * Rows in the descending order of an index, from one end of a range of it. Both the range and the order are those of all columns
 * of the index, although all but the last ones have one value: for `where queue = … and state = … order by id` the planner may
 * also walk by id and leave out what does not fit, and for a rare value that reads the whole table. And the upper end takes its own
 * value in, because the planner guesses how much a range holds by its first column: between a value and the same value it sees
 * nothing, and would rather sort that than merge the indexes of the partitions.
 *
 * @param condition - what the index is limited to, or what keeps partitions out
 */
export const walkDown =
  (table: PgTable, { columns, from, before }: IndexRange, condition: SQL = sql`true`) =>
  (count: number): SQL => sql`
    select ${table}.* from ${table}
    where (${list(columns)}) <= (${list(before)}) and (${list(columns)}) >= (${list(from)})
      and (${list(columns)}) <> (${list(before)}) and ${condition}
    order by ${list(columns.map((column) => sql`${column} desc`))} limit ${count}`;

/**
 * The rows that some conditions find, all of them read and sorted: for what is little by its nature, such as what belongs to an
 * order. The `offset 0` keeps the planner from walking by the order instead.
 */
export const sortFound =
  (table: PgTable, key: SQLWrapper, condition: SQL) =>
  (count: number): SQL => sql`
    select ${table}.* from (select ${table}.* from ${table} where ${condition} offset 0) as ${table}
    order by ${key} desc limit ${count}`;

/** The newest of the rows that each of several walks gives; `parameters` names the columns of `each`, one array per column. */
export const walkEach =
  (
    table: PgTable,
    key: SQLWrapper,
    each: readonly { readonly name: string; readonly values: readonly string[] }[],
    walk: (parameters: (name: string) => SQL) => (count: number) => SQL,
  ) =>
  (count: number): SQL => sql`
    select ${table}.*
    from unnest(${list(each.map(({ values }) => sql`${sql.param(values)}::text[]`))})
      as each (${list(each.map(({ name }) => sql.identifier(name)))})
    cross join lateral (${walk((name) => sql`each.${sql.identifier(name)}`)(count)}) as ${table}
    order by ${key} desc limit ${count}`;

const list = (parts: readonly unknown[]): SQL =>
  sql.join(
    parts.map((part) => sql`${part}`),
    sql`, `,
  );
