import { sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';
import type { ChosenWalk, Walk } from './page';

/** Part of an index: the columns that it begins with have one value each, those that it ends with lie between two. */
export interface IndexRange {
  readonly equal: readonly (readonly [column: SQLWrapper, value: unknown])[];
  readonly key: readonly SQLWrapper[];
  readonly from: readonly unknown[];
  /** Exclusive. */
  readonly before: readonly unknown[];
}

/**
 * Rows in the descending order of an index, from the upper end of a part of it.
 *
 * @param condition - what the index is limited to
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
 * That the column which an index begins with has a value, for a walk whose order begins with that column: so it is this index that
 * is walked. Were the column simply equal to the value, the planner would know that it makes no difference to the order, and might
 * walk by the key alone, leaving out what does not fit: for a rare value that reads the whole table. Of an `any` it knows no such thing.
 */
export const beginsWith = (column: SQLWrapper, value: unknown): SQL => sql`${column} = any(array[${value}::text])`;

/**
 * What belongs to some orders: all of it is read, which is little by its nature, and sorted. The `offset 0` keeps the planner from
 * walking by the key instead, all orders' rows.
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
 * The newest of the rows that several walks give together.
 *
 * @param each - what is different in them: the values of a column for each walk, by the column's name
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

/** The newest of the rows that any of several walks of a table gives, each once. */
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

/** Chooses a walk that goes by some of the filters: if no other is given, all that it gives is asked for. */
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
