import { getTableColumns, sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import { PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import type { Database } from '@orderly/database';

/** The part of a list that a caller asks for. */
export interface PageRequest<Key = string> {
  /** The highest number of rows on the page. */
  readonly limit: number;
  /** {@link Page.next} of the page before; undefined for the first page. */
  readonly after?: Key;
  /**
   * The highest number of rows that one page examines while it filters. If it is too low, pages come back short or empty; if it
   * is too high, one call may read for seconds. @defaultValue 2000
   */
  readonly maxWalked?: number;
}

/** A part of a list. */
export interface Page<Row, Key = string> {
  readonly rows: readonly Row[];
  /** {@link PageRequest.after} of the next page; undefined on the last page. A page whose walk was cut may be short or empty. */
  readonly next: Key | undefined;
}

/** A way to read a table in the order of a list, along one index. */
export interface Walk {
  /** A query for at most `count` rows, from the place where the page before ended. */
  readonly rows: (count: number) => SQL;
  /** The sort expression of the list. It is the same as that of `rows`, so the planner sees that nothing has to be sorted. */
  readonly order: SQL;
}

/** A walk with the share of its rows that pass the filters. It decides how many rows a page examines. */
export interface ChosenWalk extends Walk {
  readonly share: 'all' | 'most' | 'some';
}

/** All parts of a list's query. */
export interface Listing {
  readonly walk: ChosenWalk;
  /** The name of the walked rows in the other parts of the query. */
  readonly as: SQLWrapper;
  /** Must add at most one row for each walked row, or rows would repeat. An inner join leaves out walked rows without a match. */
  readonly joins?: SQL;
  /** Named as in the result. */
  readonly columns: SQL;
  readonly filters: readonly (SQL | undefined)[];
  /** The position of a walked row as JSON, from its own columns alone. It becomes {@link PageRequest.after}. */
  readonly key: SQL;
}

/** Reading this many rows along an index takes milliseconds; a page of 50 rows is full if at least one row in 40 matches. */
const defaultMaxWalked = 2000;

/**
 * If a table has grown since its last `analyze`, the planner may expect few matches, fetch them all and sort them. Without these
 * two kinds of scan it walks the index in order. JIT compilation would take longer than such a small query runs.
 */
const walksIndexes = 'set local enable_bitmapscan = off; set local enable_seqscan = off; set local jit = off';

/**
 * Reads a page in one statement, so that its rows and the end of its walk come from the same snapshot. The number of examined
 * rows is bounded, whatever the filters are.
 */
export async function readPage<Row extends object, Key>(
  db: Pick<Database, 'transaction'>,
  { walk, as, joins = sql``, columns, filters, key }: Listing,
  { limit, maxWalked = defaultMaxWalked }: PageRequest<Key>,
): Promise<Page<Row, Key>> {
  const { order } = walk;
  const wanted = limit + 1; // the extra row shows whether there is a next page
  // If most rows match, four times the page is nearly always enough, and costs less than the maximum.
  const count = walk.share === 'all' ? wanted : walk.share === 'most' ? Math.min(4 * wanted, maxWalked) : maxWalked;
  const walked = sql`(${walk.rows(count)}) as ${as}`;
  // `cut` is the key of the last examined row. It is read only if the page is not full; otherwise the page's last row is the key.
  const statement = sql`
    with page as materialized (
      select ${columns}, ${key} as key, row_number() over (order by ${order}) as place
      from ${walked} ${joins} where ${sql.join([sql`true`, ...filters.filter((filter) => filter !== undefined)], sql` and `)}
      order by ${order} limit ${wanted}
    )
    select page.*, ends.cut
    from (
      select case when (select count(*) from page) < ${wanted} then (
        select ${key} from ${walked} order by ${order} offset ${count - 1} limit 1
      ) end as cut
    ) as ends
    left join page on true order by page.place`;
  const rows = await db.transaction(async (query) => {
    await query(walksIndexes);
    return run<Row & { key: Key | null; cut: Key | null; place: number | null }>({ query }, statement);
  });
  const found = rows.filter(({ place }) => place !== null);
  const next = found.length > limit ? found[limit - 1]?.key : rows[0]?.cut;
  const shown = found.slice(0, limit).map(({ key: _key, cut: _cut, place: _place, ...row }) => row as unknown as Row);
  return { rows: shown, next: next ?? undefined };
}

const dialect = new PgDialect();

/** Runs a composed statement without drizzle's mapping: rows are as the driver reads them, with times as `Date`. */
export function run<Row extends object>(db: Pick<Database, 'query'>, statement: SQL): Promise<Row[]> {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return db.query<Row>(text, params);
}

/** A select list that names columns as `$inferSelect` does. Without `names` it has all columns of the table. */
export function columnsOf<Table extends PgTable>(table: Table, ...names: (keyof Table['$inferSelect'] & string)[]): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(([name]) => names.length === 0 || names.includes(name));
  return sql.join(
    columns.map(([name, column]) => sql`${column} as ${sql.identifier(name)}`),
    sql`, `,
  );
}
