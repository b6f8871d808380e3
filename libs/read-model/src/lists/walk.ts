import { sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { ChosenWalk, Walk } from './page';

/** A range of an index: its leading columns (`equal`) have fixed values, its last columns (`key`) lie between two values. */
export interface IndexRange {
  readonly equal: readonly (readonly [column: SQLWrapper, value: unknown])[];
  readonly key: readonly SQLWrapper[];
  /** Inclusive. */
  readonly from: readonly unknown[];
  /** Exclusive. */
  readonly before: readonly unknown[];
}

/**
 * Reads a range of an index backwards, from its upper end.
 *
 * @param condition - the condition of a partial index; without it the planner does not use such an index
 */
export function walkDown(table: PgTable, { equal, key, from, before }: IndexRange, condition: SQL = sql`true`): Walk {
  const order = descending(...equal.slice(0, 1).map(([column]) => column), ...key);
  const rows: Walk['rows'] = (count) => sql`
    select ${table}.* from ${table}
    where ${sql.join([...equal.map(hasValue), sql`${row(key)} < ${row(before)}`, sql`${row(key)} >= ${row(from)}`, condition], sql` and `)}
    order by ${order} limit ${count}`;
  return { rows, order };
}

/**
 * A condition `column = value` for the first column of an index, in a form that makes the planner walk this very index. With a
 * plain `=` the planner knows that the column does not affect the order. It may then walk the key alone and skip rows that do
 * not match, which reads the whole table for a rare value. It draws no such conclusion from `= any(array[…])`.
 */
export const beginsWith = (column: SQLWrapper, value: unknown): SQL => sql`${column} = any(array[${value}::text])`;

/**
 * The rows of some orders. An order has few rows, so all of them are read and sorted. `offset 0` stops the planner from walking
 * the key instead, through the rows of all orders.
 */
export function walkOrders(
  table: PgTable,
  orderId: SQLWrapper,
  orderIds: readonly string[],
  { key, from, before }: Omit<IndexRange, 'equal'>,
): Walk {
  const order = descending(...key);
  const rows: Walk['rows'] = (count) => sql`
    select ${table}.*
    from (select ${table}.* from ${table} where ${orderId} = any(${sql.param(orderIds)}::text[]) offset 0) as ${table}
    where ${row(key)} < ${row(before)} and ${row(key)} >= ${row(from)}
    order by ${order} limit ${count}`;
  return { rows, order };
}

/**
 * The newest rows of several walks that differ in some values only. It reads at most `count` rows per walk. The walks must not
 * overlap: a row of two walks would appear twice.
 *
 * @param each - the values that differ, by the name for `valueOf`; all lists have one value per walk
 */
export function walkEach(
  table: PgTable,
  key: SQLWrapper,
  each: Readonly<Record<string, readonly string[]>>,
  walk: (valueOf: (name: string) => SQL) => Walk,
): Walk {
  const columns = Object.entries(each);
  if (columns.every(([, values]) => values.length === 1)) return walk((name) => sql`${each[name]?.[0]}`);
  const walks = walk((name) => sql`each.${sql.identifier(name)}`);
  const rows: Walk['rows'] = (count) => sql`
    select ${table}.*
    from unnest(${list(columns.map(([, values]) => sql`${sql.param(values)}::text[]`))})
      as each (${list(columns.map(([name]) => sql.identifier(name)))})
    cross join lateral (${walks.rows(count)}) as ${table}
    order by ${key} desc limit ${count}`;
  return { rows, order: descending(key) };
}

/** The newest rows of several walks that may overlap. Each row appears once. */
export function walkEither(table: PgTable, key: SQLWrapper, walks: readonly Walk[]): Walk {
  const rows: Walk['rows'] = (count) => sql`
    select distinct on (${key}) ${table}.*
    from (${sql.join(
      walks.map((walk) => sql`(${walk.rows(count)})`),
      sql` union all `,
    )}) as ${table}
    order by ${key} desc limit ${count}`;
  return { rows, order: descending(key) };
}

/**
 * Notes whether a walk returns only matching rows: so it does if no filter is given but those that it uses.
 *
 * @param by - the filters that the walk itself ensures
 */
export function chooseWalk<Filter extends object>(walk: Walk, filter: Filter, by: readonly (keyof Filter)[]): ChosenWalk {
  const others = Object.entries(filter).filter(([key, value]) => value !== undefined && !by.includes(key as keyof Filter));
  return { ...walk, share: others.length === 0 ? 'all' : 'some' };
}

const hasValue = ([column, value]: IndexRange['equal'][number], place: number): SQL =>
  place === 0 ? beginsWith(column, value) : sql`${column} = ${value}`;

const descending = (...columns: readonly SQLWrapper[]): SQL => list(columns.map((column) => sql`${column} desc`));

const row = (parts: readonly unknown[]): SQL => sql`(${list(parts)})`;

const list = (parts: readonly unknown[]): SQL =>
  sql.join(
    parts.map((part) => sql`${part}`),
    sql`, `,
  );
