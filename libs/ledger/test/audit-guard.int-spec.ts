import type { Database } from '@orderly/database';
import { recordAudit, rotateLogs } from '../src/index';
import { createLedgerDatabase, testActor, type LedgerDatabase } from '../src/testing';

let ledger: LedgerDatabase;
let db: Database;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterEach(() => ledger.close());

const rotation = {
  pause: async () => true,
  signal: new AbortController().signal,
  weeksAhead: 8,
  retentionDays: 90,
  auditRetentionDays: 400,
};

/** Inserts an entry with an id and time of the past. */
const addAt = (time: string, subject = 'old'): Promise<unknown> =>
  db.query(
    `insert into audit (id, action, subject, actor)
     values ((left(uuid_floor(${time})::text, 24) || right(gen_random_uuid()::text, 12))::uuid, 'queue.paused', $1, 'test')`,
    [subject],
  );

const weekOf = async (time: string): Promise<string> => {
  const [row] = await db.query<{ week: string }>(`select to_char((${time}) at time zone 'UTC', 'IYYY"w"IW') as week`);
  return row!.week;
};

const count = async (table: string): Promise<number> => {
  const [row] = await db.query<{ count: number }>(`select count(*)::int from ${table}`);
  return row!.count;
};

const expectGuarded = async (table: string): Promise<void> => {
  const before = await db.query(`select * from ${table} order by id`);
  expect(before.length).toBeGreaterThan(0);
  for (const change of [
    `update ${table} set reason = 'another'`,
    `update ${table} set id = id`,
    `delete from ${table}`,
    `truncate ${table}`,
    `truncate ${table} cascade`,
    `with gone as (delete from ${table} returning id) select * from gone`,
    `insert into ${table} select * from ${table} on conflict (id) do update set actor = 'another'`,
  ]) {
    await expect(db.query(change)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringMatching(/^The audit trail is only/),
    });
  }
  expect(await db.query(`select * from ${table} order by id`)).toEqual(before);
};

const guardedTables = async (): Promise<Record<string, string>> => ({
  'the whole trail': 'audit',
  'a week of it': `audit_${await weekOf('now()')}`,
  'the default partition': 'audit_default',
});

describe('the audit table, even for its owner,', () => {
  it.each(['the whole trail', 'a week of it', 'the default partition'])('refuses to change, delete or empty %s', async (part) => {
    await addAt('now()');
    await addAt(`now() + interval '1 year'`);
    await expectGuarded((await guardedTables())[part]!);
  });

  it('refuses changes in a new partition, and in the default partition that its rows came from', async () => {
    await addAt(`now() + interval '9 weeks'`);
    await addAt(`now() + interval '1 year'`);
    expect(await count('audit_default')).toBe(2);
    const made = await db.query<{ name: string }>('select ensure_partitions(9) as name');
    const name = `audit_${await weekOf(`now() + interval '9 weeks'`)}`;
    expect(made.map((row) => row.name)).toContain(name);
    expect([await count(name), await count('audit_default'), await count('audit')]).toEqual([1, 1, 2]);
    await expectGuarded(name);
    await expectGuarded('audit_default');
    await expectGuarded('audit');
  });

  it('accepts new entries', async () => {
    await recordAudit(db, [{ action: 'queue.paused', actor: testActor }]);
    await expect(db.query('delete from audit')).rejects.toThrow('The audit trail is only added to: delete is refused');
    await recordAudit(db, [{ action: 'queue.resumed', actor: testActor }]);
    expect(await count('audit')).toBe(2);
  });
});

describe('retention of the audit trail', () => {
  const makeWeek = async (daysAgo: number): Promise<string> => {
    const [row] = await db.query<{ name: string; start: string }>(
      `select 'audit_' || to_char(start at time zone 'UTC', 'IYYY"w"IW') as name, start::text
       from (select date_trunc('week', now() at time zone 'UTC' - make_interval(days => $1)) at time zone 'UTC' - interval '1 week') s(start)`,
      [daysAgo],
    );
    const { name, start } = row!;
    await db.query(
      `do $$ begin execute format('create table ${name} partition of audit for values from (%L) to (%L)',
        uuid_floor('${start}'), uuid_floor('${start}'::timestamptz + interval '1 week')); end $$`,
    );
    await addAt(`'${start}'::timestamptz + interval '3 days'`);
    return name;
  };

  it('drops a week after 400 days, later than other tables and regardless of open jobs', async () => {
    const past = await makeWeek(400);
    const within = await makeWeek(392);
    await db.query(
      `insert into jobs (id, name, queue, priority, payload, state)
       values (uuid_floor(now() - interval '404 days'), 'sync-order', 'order-sync.erp', 3, '{}', 'runnable')`,
    );
    const report = await rotateLogs(db, rotation);
    expect(report).toMatchObject({ dropped: [past], kept: [], isComplete: true });
    expect(await db.query('select to_regclass($1) as past, to_regclass($2)::text as within', [past, within])).toEqual([
      { past: null, within },
    ]);
    expect(await count('audit')).toBe(1);
    await expectGuarded('audit');
  });

  it('creates partitions ahead, moves rows of the default partition there, and enables its trigger again', async () => {
    const week = `audit_${await weekOf(`now() + interval '2 weeks'`)}`;
    await db.query(`drop table ${week}`);
    await addAt(`now() + interval '2 weeks'`);
    expect((await rotateLogs(db, rotation)).created).toEqual([week]);
    expect([await count(week), await count('audit_default')]).toEqual([1, 0]);
    await addAt(`now() + interval '1 year'`);
    await expectGuarded(week);
    await expectGuarded('audit_default');
  });

  it('removes old rows from the default partition in batches, and still guards the others', async () => {
    for (let entry = 0; entry < 5; entry += 1) await addAt(`now() - interval '401 days'`);
    await addAt(`now() - interval '399 days'`, 'kept');
    let pauses = 0;
    const report = await rotateLogs(db, { ...rotation, batch: 2, pause: async () => (pauses += 1) > 0 });
    expect(report).toMatchObject({ rows: 5, isComplete: true });
    expect(pauses).toBe(2);
    expect(await db.query('select subject from audit_default')).toEqual([{ subject: 'kept' }]);
    await expectGuarded('audit_default');
  });
});
