import { createTestDatabase, type TestDatabase } from '@orderly/testing';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { createDatabase, type Database } from '@orderly/database';
import { createCleanupRuns, expireTokens, rotateLogs } from '../src/index';
import { migrate } from '@orderly/migrations';
import { addLoggedJob, logTables as parents, makeExpiredWeek, middleOf } from './expired-weeks';

let server: TestDatabase;
let db: Database;

beforeEach(async () => {
  server = await createTestDatabase((url) => migrate(url, join(__dirname, '../../migrations/sql')));
  db = createDatabase({ url: server.url, poolSize: 6, applicationName: 'test' });
});
afterEach(async () => {
  await db.close();
  await server.drop();
});

const options = { pause: async () => true, signal: new AbortController().signal, retentionDays: 90 };
const rotation = { ...options, weeksAhead: 8, auditRetentionDays: 400 };

const count = async (table: string, where = 'true'): Promise<number> => {
  const [row] = await db.query<{ count: number }>(`select count(*)::int from ${table} where ${where}`);
  return row!.count;
};

describe('the ledger of cleanup runs', () => {
  const dueAt = new Date('2030-01-06T03:30:00Z');

  it('plans a run with its job once, although several processes plan it at once', async () => {
    const runs = createCleanupRuns(db);
    const planned = await Promise.all(Array.from({ length: 6 }, () => runs.plan('rotate-logs', dueAt)));
    expect(planned.filter((run) => run !== undefined)).toHaveLength(1);
    expect(await db.query('select id, task, scheduled_for, state from cleanup_runs')).toEqual([
      { id: expect.any(String), task: 'rotate-logs', scheduled_for: dueAt, state: 'queued' },
    ]);
    expect(await db.query('select j.name, j.queue, j.priority, j.state from jobs j join cleanup_runs using (id)')).toEqual([
      { name: 'rotate-logs', queue: 'maintenance', priority: 4, state: 'runnable' },
    ]);
    expect(await count('jobs')).toBe(1);
  });

  it('marks the first run of a task', async () => {
    const runs = createCleanupRuns(db);
    expect(await runs.plan('rotate-logs', dueAt)).toMatchObject({ isFirst: true });
    expect(await runs.plan('rotate-logs', new Date(dueAt.getTime() + 1))).toMatchObject({ isFirst: false });
    expect(await runs.plan('expire-tokens', dueAt)).toMatchObject({ isFirst: true });
  });

  it('begins a failed or released run again, and never one that is done', async () => {
    const runs = createCleanupRuns(db);
    const runId = await runs.open('expire-tokens');
    expect(await runs.begin(runId)).toBe(true);
    await runs.fail(runId, { error: 'disk full' });
    expect(await runs.begin(runId)).toBe(true);
    await runs.release(runId);
    expect(await runs.begin(runId)).toBe(true);
    await runs.finish(runId, { rows: 3, bytes: 120, detail: { apiKeys: 3 } });
    expect(await runs.begin(runId)).toBe(false);
    expect(await db.query('select state, rows, bytes, detail from cleanup_runs')).toEqual([
      { state: 'done', rows: 3, bytes: 120, detail: { apiKeys: 3 } },
    ]);
  });

  it('closes runs whose job ended without a report after an hour, and no others', async () => {
    const runs = createCleanupRuns(db);
    const abandoned = await runs.open('expire-tokens');
    const recent = await runs.open('rotate-logs');
    const planned = await runs.plan('rotate-logs', dueAt);
    await db.query(`update cleanup_runs set state = 'running', started_at = now() - interval '61 minutes'`);
    await db.query(`update cleanup_runs set started_at = now() - interval '59 minutes' where id = $1`, [recent]);
    expect(await runs.closeAbandoned()).toBe(1);
    expect(await db.query('select id from cleanup_runs where state = $1', ['failed'])).toEqual([{ id: abandoned }]);
    await db.query(`update jobs set state = 'ended', outcome = 'dead' where id = $1`, [planned!.job.id]);
    expect(await runs.closeAbandoned()).toBe(1);
  });
});

describe('expire-tokens', () => {
  const addKey = (name: string, expires: string, revoked = 'null') =>
    db.query(
      `insert into api_keys (id, name, prefix, hash, scopes, expires_at, revoked_at)
       values (gen_random_uuid(), $1, $1, '', '{}', ${expires}, ${revoked})`,
      [name],
    );

  it('removes keys that ended more than 30 days ago, and keeps all others', async () => {
    await addKey('expired', `now() - interval '30 days 1 minute'`);
    await addKey('revoked', 'null', `now() - interval '30 days 1 minute'`);
    await addKey('revoked-before-its-expiry', `now() + interval '1 year'`, `now() - interval '31 days'`);
    await addKey('lately-expired', `now() - interval '29 days 23 hours'`);
    await addKey('lately-revoked', 'null', `now() - interval '29 days 23 hours'`);
    await addKey('valid', `now() + interval '1 day'`);
    await addKey('for-ever', 'null');
    expect(await expireTokens(db, options)).toMatchObject({ rows: 3, apiKeys: 3, processes: 0, leases: 0, isComplete: true });
    const left = await db.query<{ name: string }>('select name from api_keys order by name');
    expect(left.map(({ name }) => name)).toEqual(['for-ever', 'lately-expired', 'lately-revoked', 'valid']);
  });

  it('removes expired answers for an Idempotency-Key, and no others', async () => {
    await db.query(
      `insert into idempotency_keys (scope, key, fingerprint, status, body, expires_at)
       select 'scope', n::text, '\\x00', 202, '', now() + case when n % 2 = 0 then -1 else 1 end * interval '1 minute'
       from generate_series(1, 100) n`,
    );
    expect(await expireTokens(db, { ...options, batch: 20 })).toMatchObject({ rows: 50, idempotencyKeys: 50, apiKeys: 0 });
    expect(await count('idempotency_keys', 'key::int % 2 = 1')).toBe(50);
    expect(await count('idempotency_keys')).toBe(50);
  });

  it('removes heartbeats that stopped an hour ago, and leases that are over', async () => {
    for (const age of ['61 minutes', '59 minutes']) {
      await db.query(
        `insert into processes (id, service, host, pid, beat_at) values ($1, 'test', $2, 1, now() - $2::text::interval)`,
        [randomUUID(), age],
      );
      const until = age === '61 minutes' ? '-1 second' : '1 minute';
      await db.query(`insert into leases (name, holder, until) values ($1, $2, now() + $3::text::interval)`, [
        age,
        randomUUID(),
        until,
      ]);
    }
    expect(await expireTokens(db, options)).toMatchObject({ rows: 2, processes: 1, leases: 1 });
    expect(await db.query('select host from processes')).toEqual([{ host: '59 minutes' }]);
    expect(await db.query('select name from leases')).toEqual([{ name: '59 minutes' }]);
  });

  it('removes runs of cleanup tasks past retention, except the newest of each task and those that have not ended', async () => {
    await db.query(
      `insert into cleanup_runs (id, task, state, scheduled_for, created_at)
       select gen_random_uuid(), task, state, now() - age::interval, now() - age::interval from (values
         ('rotate-logs', 'done', '91 days'), ('rotate-logs', 'failed', '92 days'), ('rotate-logs', 'running', '93 days'),
         ('rotate-logs', 'done', '89 days'), ('expire-tokens', 'done', '200 days')) old(task, state, age)`,
    );
    expect(await expireTokens(db, options)).toMatchObject({ rows: 2, cleanupRuns: 2 });
    expect(await db.query(`select task, state from cleanup_runs order by scheduled_for`)).toEqual([
      { task: 'expire-tokens', state: 'done' },
      { task: 'rotate-logs', state: 'running' },
      { task: 'rotate-logs', state: 'done' },
    ]);
  });

  it('works in batches and pauses between them, counting bytes', async () => {
    for (let key = 0; key < 7; key += 1) await addKey(`key-${key}`, `now() - interval '1 year'`);
    let pauses = 0;
    const report = await expireTokens(db, { ...options, batch: 3, pause: async () => (pauses += 1) > 0 });
    expect(report).toMatchObject({ rows: 7, apiKeys: 7 });
    expect(report.bytes).toBeGreaterThan(7 * 50);
    expect(pauses).toBe(2);
  });

  it('stops after a batch if told to, and reports that it is not complete', async () => {
    for (let key = 0; key < 7; key += 1) await addKey(`key-${key}`, `now() - interval '1 year'`);
    const report = await expireTokens(db, { ...options, batch: 3, pause: async () => false });
    expect(report).toMatchObject({ rows: 3, apiKeys: 3, isComplete: false });
    expect(await count('api_keys')).toBe(4);
  });

  it('throws the reason when aborted, and keeps finished batches', async () => {
    for (let key = 0; key < 7; key += 1) await addKey(`key-${key}`, `now() - interval '1 year'`);
    const controller = new AbortController();
    const pause = async (): Promise<boolean> => {
      controller.abort(new Error('the process is stopping'));
      return true;
    };
    await expect(expireTokens(db, { ...options, batch: 3, pause, signal: controller.signal })).rejects.toThrow(
      'the process is stopping',
    );
    expect(await count('api_keys')).toBe(4);
  });

  it('may run twice at once', async () => {
    for (let key = 0; key < 50; key += 1) await addKey(`key-${key}`, `now() - interval '1 year'`);
    const reports = await Promise.all([expireTokens(db, { ...options, batch: 5 }), expireTokens(db, { ...options, batch: 5 })]);
    expect(reports.reduce((sum, { rows }) => sum + rows, 0)).toBe(50);
  });
});

describe('rotate-logs', () => {
  const makeWeek = (daysAgo: number): Promise<string> => makeExpiredWeek(db, daysAgo);
  const addJob = (time: string, state: 'ended' | 'runnable' | 'blocked'): Promise<string> => addLoggedJob(db, time, state);
  const partitionsOf = async (week: string): Promise<string[]> => {
    const rows = await db.query<{ name: string }>(
      `select relname as name from pg_class where relkind = 'r' and relname like '%\\_' || $1 order by 1`,
      [week],
    );
    return rows.map(({ name }) => name);
  };
  const all = (week: string): string[] => parents.map((parent) => `${parent}_${week}`).toSorted();

  it('drops the four partitions of a week past retention whose jobs have all ended', async () => {
    const week = await makeWeek(90);
    await addJob(middleOf(week), 'ended');
    const report = await rotateLogs(db, rotation);
    expect(report.dropped.toSorted()).toEqual(all(week));
    expect(report).toMatchObject({ kept: [], created: [], rows: 4, isComplete: true });
    expect(report.bytes).toBeGreaterThan(0);
    expect(await partitionsOf(week)).toEqual([]);
    expect(await count('jobs')).toBe(0);
  });

  it('keeps a week that is partly within retention', async () => {
    const week = await makeWeek(83);
    await addJob(middleOf(week), 'ended');
    expect(await rotateLogs(db, rotation)).toMatchObject({ dropped: [], kept: [] });
    expect(await partitionsOf(week)).toEqual(all(week));
  });

  it.each(['runnable', 'blocked'] as const)('keeps a whole week with a job that is %s, until it has ended', async (state) => {
    const week = await makeWeek(120);
    const older = await makeWeek(200);
    await addJob(middleOf(week), 'ended');
    const open = await addJob(middleOf(week), state);
    const report = await rotateLogs(db, rotation);
    expect(report.dropped.toSorted()).toEqual(all(older));
    expect(report.kept).toEqual([`${week}: open jobs`]);
    expect(await partitionsOf(week)).toEqual(all(week));
    expect(await count('jobs')).toBe(2);
    await db.query(`update jobs set state = 'ended', outcome = 'done' where id = $1`, [open]);
    expect((await rotateLogs(db, rotation)).dropped.toSorted()).toEqual(all(week));
  });

  it('keeps a week with a dead letter that blocks its lane', async () => {
    const week = await makeWeek(120);
    const dead = await addJob(middleOf(week), 'ended');
    await db.query(`insert into lanes (order_id, destination, blocked_by) values ('o', 'wms', $1)`, [dead]);
    expect(await rotateLogs(db, rotation)).toMatchObject({ dropped: [], kept: [`${week}: open jobs`] });
  });

  it('continues after an interruption, and drops the rest of a week whose jobs are gone', async () => {
    const week = await makeWeek(120);
    await db.query(`drop table jobs_${week}`);
    expect((await rotateLogs(db, rotation)).dropped.toSorted()).toEqual(all(week).filter((name) => !name.startsWith('jobs')));
  });

  it('creates the partitions from this week to eight weeks ahead, and moves rows of the default partitions there', async () => {
    const inDays = (days: number) => `now() + interval '${days} days'`;
    const weekOf = async (time: string): Promise<string> => {
      const [row] = await db.query<{ week: string }>(`select to_char((${time}) at time zone 'UTC', 'IYYY"w"IW') as week`);
      return row!.week;
    };
    const weeks = [await weekOf(inDays(0)), await weekOf(inDays(14))];
    for (const week of weeks) for (const parent of parents) await db.query(`drop table ${parent}_${week}`);
    const ids = [await addJob(inDays(0), 'runnable'), await addJob(inDays(14), 'runnable')];
    expect(await count('jobs_default')).toBe(2);

    const { created } = await rotateLogs(db, rotation);
    expect(created.toSorted()).toEqual(weeks.flatMap(all).toSorted());
    for (const parent of parents) expect(await count(`${parent}_default`)).toBe(0);
    for (const week of weeks) for (const parent of parents) expect(await count(`${parent}_${week}`)).toBe(1);
    expect(await count('jobs', `id in ('${ids.join(`','`)}')`)).toBe(2);
    expect((await rotateLogs(db, rotation)).created).toEqual([]);
  });

  it('moves rows out of a default partition while new ones arrive in it', async () => {
    const [row] = await db.query<{ week: string }>(`select to_char(now() at time zone 'UTC', 'IYYY"w"IW') as week`);
    for (const parent of parents) await db.query(`drop table ${parent}_${row!.week}`);
    await addJob('now()', 'ended');
    const controller = new AbortController();
    const traffic = (async () => {
      let added = 1;
      for (; !controller.signal.aborted; added += 1) await addJob('clock_timestamp()', 'ended');
      return added;
    })();
    const { created } = await rotateLogs(db, rotation);
    controller.abort();
    const added = await traffic;
    expect(created.toSorted()).toEqual(all(row!.week));
    expect(await count('jobs')).toBe(added);
    expect(await count('jobs_default')).toBe(0);
  });

  it('removes old rows from the default partitions, unless one of their jobs is open', async () => {
    const open = await addJob(`now() - interval '100 days'`, 'runnable');
    await addJob(`now() - interval '100 days'`, 'ended');
    await addJob(`now() - interval '80 days'`, 'ended');
    await rotateLogs(db, rotation);
    expect(await count('jobs_default')).toBe(3);
    await db.query(`update jobs set state = 'ended', outcome = 'done' where id = $1`, [open]);
    await rotateLogs(db, rotation);
    for (const parent of parents) expect(await count(`${parent}_default`)).toBe(1);
  });

  it('gives way to a long transaction that uses the tables, and reports that they were busy', async () => {
    const week = await makeWeek(120);
    const report = await db.transaction(async (query) => {
      await query('set local idle_in_transaction_session_timeout = 0');
      await query('select count(*) from jobs');
      return rotateLogs(db, rotation);
    });
    expect(report).toMatchObject({ dropped: [], kept: [`${week}: busy`] });
    expect(await partitionsOf(week)).toEqual(all(week));
  });

  it('drops and creates each partition once with two runs at once', async () => {
    const weeks = [await makeWeek(120), await makeWeek(130)];
    const [row] = await db.query<{ week: string }>(`select to_char(now() + interval '14 days', 'IYYY"w"IW') as week`);
    for (const parent of parents) await db.query(`drop table ${parent}_${row!.week}`);
    const reports = await Promise.all([rotateLogs(db, rotation), rotateLogs(db, rotation)]);
    expect(reports.flatMap(({ dropped }) => dropped).toSorted()).toEqual(weeks.flatMap(all).toSorted());
    expect(reports.flatMap(({ created }) => created).toSorted()).toEqual(all(row!.week));
  });
});
