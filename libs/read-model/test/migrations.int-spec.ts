import { createTestDatabase, type TestDatabase } from '@orderly/testing';
import { getTableName, is } from 'drizzle-orm';
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core';
import { createDatabase, type Database } from '@orderly/database';
import { migrate } from '@orderly/migrations';
import * as schema from '../src/schema';
import { migrationsFolder } from '@orderly/ledger/testing';

let empty: TestDatabase;
let db: Database;

beforeAll(async () => {
  empty = await createTestDatabase();
  db = createDatabase({ url: empty.url, poolSize: 2, applicationName: 'test' });
});
afterAll(async () => {
  await db.close();
  await empty.drop();
});

const tables = Object.values(schema).filter((value) => is(value, PgTable));
const migrationsRun = async () => (await db.query('select 1 from drizzle.__drizzle_migrations')).length;

describe('the migrations', () => {
  it('run once each, with ten processes at once and one more later', async () => {
    await Promise.all(Array.from({ length: 10 }, () => migrate(empty.url, migrationsFolder)));
    const count = await migrationsRun();
    expect(count).toBeGreaterThan(0);
    await migrate(empty.url, migrationsFolder);
    expect(await migrationsRun()).toBe(count);
  });

  it('create partitions for eight weeks ahead, and create no partition twice', async () => {
    const partitions = () =>
      db.query<{ parent: string; children: number }>(
        `select inhparent::regclass::text as parent, count(*) as children from pg_inherits
         where inhparent::regclass::text in ('events', 'jobs', 'attempts', 'messages') group by 1 order by 1`,
      );
    // This week, eight weeks ahead, and the default partition.
    expect(await partitions()).toEqual(['attempts', 'events', 'jobs', 'messages'].map((parent) => ({ parent, children: 10 })));
    expect(await db.query('select ensure_partitions(8)')).toEqual([]);
    expect(await partitions()).toHaveLength(4);
  });

  it('create the tables of the schema, and no others', async () => {
    const made = await db.query<{ name: string }>(
      `select c.relname as name from pg_class c
       where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`,
    );
    expect(tables.map(getTableName).toSorted()).toEqual(made.map(({ name }) => name).toSorted());
  });

  it.each(tables.map((table) => [getTableName(table), table] as const))(
    'give %s the columns, types and keys of the schema',
    async (name, table) => {
      const made = await db.query<ColumnFacts>(
        `select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as "notNull",
           exists (select from pg_index i where i.indrelid = a.attrelid and i.indisprimary and a.attnum = any(i.indkey)) as key
         from pg_attribute a where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by 1`,
        [name],
      );
      const { columns, primaryKeys } = getTableConfig(table);
      const keys = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)));
      const named = columns.map((column) => ({
        name: column.name,
        type: column.getSQLType(),
        notNull: column.notNull,
        key: column.primary || keys.has(column.name),
      }));
      expect(named.toSorted(byName)).toEqual(made.toSorted(byName));
    },
  );
});

type ColumnFacts = { name: string; type: string; notNull: boolean; key: boolean };

const byName = (a: ColumnFacts, b: ColumnFacts): number => (a.name < b.name ? -1 : 1);
