import { createTestDatabase } from '@orderly/testing';
import { createDatabase, type Database } from '../src/index';
import { faultKind, kindOfSqlState } from '../src/fault-kind';
import { sqlStateClasses } from '../src/sql-states';

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let db: Database;

beforeAll(async () => {
  server = await createTestDatabase();
  db = createDatabase({ url: server.url, poolSize: 4, applicationName: 'test' });
});
afterAll(async () => {
  await db.close();
  await server.drop();
});

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

/** The error of a statement, with these settings, while another transaction holds the only row of a table. */
async function failureBehindLock(settings: string): Promise<unknown> {
  await db.query('create table if not exists held (id integer primary key)');
  await db.query('insert into held values (1) on conflict do nothing');
  const isHeld = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const holding = db.transaction(async (query) => {
    await query('set local idle_in_transaction_session_timeout = 0');
    await query('select from held for update');
    isHeld.resolve();
    await release.promise;
  });
  await isHeld.promise;
  const failure = await failureOf(
    db.transaction(async (query) => {
      await query(settings);
      await query('select from held for update');
    }),
  );
  release.resolve();
  await holding;
  return failure;
}

describe('a fault that PostgreSQL raises', () => {
  // 00000 means success.
  it.each(Object.keys(sqlStateClasses).filter((prefix) => prefix !== '00'))(
    'of class %s has the kind in the table',
    async (prefix) => {
      for (const code of [`${prefix}000`, ...Object.keys(sqlStateClasses[prefix]?.except ?? {})]) {
        const failure = await failureOf(db.query(`do $$ begin raise exception 'raised' using errcode = '${code}'; end $$`));
        expect(failure).toMatchObject({ code });
        expect([code, faultKind(failure)]).toEqual([code, kindOfSqlState(code)]);
      }
    },
  );

  it('is exhausted for a statement that reaches statement_timeout', async () => {
    expect(faultKind(await failureBehindLock(`set local statement_timeout = '20ms'`))).toBe('exhausted');
  });

  it('is busy for a statement that reaches lock_timeout', async () => {
    expect(faultKind(await failureBehindLock(`set local lock_timeout = '20ms'`))).toBe('busy');
  });

  it('is busy for a protocol violation, so it is not waited for like a pooler without its server', async () => {
    const failure = await failureOf(db.query('select $1::int, $2::int', [1]));
    expect(failure).toMatchObject({ code: '08P01' });
    expect(faultKind(failure)).toBe('busy');
  });

  it('is away for a server without a connection left', async () => {
    const name = decodeURIComponent(new URL(server.url).pathname.slice(1));
    await db.query(`drop role if exists "${name}_few"`);
    await db.query(`create role "${name}_few" login password 'few' connection limit 1`);
    const url = Object.assign(new URL(server.url), { username: `${name}_few`, password: 'few' }).href;
    const few = createDatabase({ url, poolSize: 2, applicationName: 'few' });
    try {
      const failures = await few.transaction(async (query) => {
        await query('select 1');
        return failureOf(few.query('select 1'));
      });
      expect(failures).toMatchObject({ code: '53300' });
      expect(faultKind(failures)).toBe('away');
    } finally {
      await few.close();
      await db.query(`drop role "${name}_few"`);
    }
  });
});
