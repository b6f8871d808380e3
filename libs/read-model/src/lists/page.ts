import { getTableColumns, sql, type SQL, type SQLWrapper } from 'drizzle-orm';
import { PgDialect, type PgTable } from 'drizzle-orm/pg-core';
import type { Database } from '@orderly/database';

/** What part of a list is asked for. */
export interface PageRequest<Key = string> {
  /** Rows at most. */
  readonly limit: number;
  /** Where the page before ended: its {@link Page.next}. */
  readonly after?: Key;
  /** Rows that one page looks at, at most, where the filters leave out some of those that its index gives. @defaultValue 2000 */
  readonly maxWalked?: number;
}

/** A part of a list. */
export interface Page<Row, Key = string> {
  readonly rows: readonly Row[];
  /** Where the next page begins; undefined on the last. A page before the last may be short, even empty: its walk was cut. */
  readonly next: Key | undefined;
}

/** A way through a table in the order of the list. */
export interface Walk {
  /** At most so many rows, from where the page before ended. */
  readonly rows: (count: number) => SQL;
  /** In terms of the rows: that of the list, and the one that the planner knows them to be in. */
  readonly order: SQL;
}

/** The walk of a list, and how many of its rows the filters let through: every one, most, or perhaps very few. */
export interface ChosenWalk extends Walk {
  readonly share: 'all' | 'most' | 'some';
}

export interface Listing {
  readonly walk: ChosenWalk;
  /** What the walked rows are called in the other parts. */
  readonly as: SQLWrapper;
  /** What belongs to a walked row, one row at most: an inner join leaves out those that have none. */
  readonly joins?: SQL;
  /** By the names that they have in the result. */
  readonly columns: SQL;
  readonly filters: readonly (SQL | undefined)[];
  /** Where a walked row is in the order, as JSON: {@link PageRequest.after}, of its columns alone. */
  readonly key: SQL;
}

const defaultMaxWalked = 2000;

/**
 * Of a table that has grown since its statistics were made the planner may believe that few rows fit, fetch all that do and sort
 * them: not so by an index in its order. To compile what reads so little would take longer than to run it.
 */
const walksIndexes = 'set local enable_bitmapscan = off; set local enable_seqscan = off; set local jit = off';

/**
 * Reads a page in one statement, so that what is walked and where the walk ended are of one moment. Whatever the filters are, it
 * looks at a bounded number of rows.
 */
export async function readPage<Row extends object, Key>(
  db: Pick<Database, 'transaction'>,
  { walk, as, joins = sql``, columns, filters, key }: Listing,
  { limit, maxWalked = defaultMaxWalked }: PageRequest<Key>,
): Promise<Page<Row, Key>> {
  const { order } = walk;
  const wanted = limit + 1; // one more than asked for tells whether there is a next page
  const count = walk.share === 'all' ? wanted : walk.share === 'most' ? Math.min(4 * wanted, maxWalked) : maxWalked;
  const walked = sql`(${walk.rows(count)}) as ${as}`;
  // Where the walk was cut is looked for only if the page is not full.
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

/** Runs a statement that was put together; its rows are as the driver reads them: times are Dates. */
export function run<Row extends object>(db: Pick<Database, 'query'>, statement: SQL): Promise<Row[]> {
  const { sql: text, params } = dialect.sqlToQuery(statement);
  return db.query<Row>(text, params);
}

/** Columns of a table under the names that `$inferSelect` has for them: all of them, or those named. */
export function columnsOf<Table extends PgTable>(table: Table, ...names: (keyof Table['$inferSelect'] & string)[]): SQL {
  const columns = Object.entries(getTableColumns(table)).filter(([name]) => names.length === 0 || names.includes(name));
  return sql.join(
    columns.map(([name, column]) => sql`${column} as ${sql.identifier(name)}`),
    sql`, `,
  );
}
