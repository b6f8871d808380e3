import { eventually } from '@orderly/testing';
import { createCleanupRuns } from '@orderly/ledger';
import { setUp, type Setup } from './setup';

const everySecond = { 'expire-tokens': '* * * * * *', 'expire-history': '* * * * * *', 'rotate-logs': '* * * * * *' };

let cron: Setup;
beforeEach(async () => {
  cron = await setUp();
});
afterEach(() => cron.close());

/** Expects exactly one job with the id of each run, and no other jobs. */
const expectOneJobPerRun = async (): Promise<void> => {
  const [row] = await cron.db.query(
    `select count(*)::int as pairs, count(r.id)::int as runs, count(j.id)::int as jobs
     from cleanup_runs r full join jobs j using (id)`,
  );
  expect(row).toEqual({ pairs: row!['runs'], runs: row!['pairs'], jobs: row!['pairs'] });
};

describe('the schedules of cleanup tasks', () => {
  it('create one run and one job for each due time, with two processes', async () => {
    await Promise.all([cron.startProcess({ schedules: everySecond }), cron.startProcess({ schedules: everySecond })]);
    const runs = await eventually(async () => {
      const done = (await cron.runs()).filter(({ state }) => state === 'done');
      expect(done.length).toBeGreaterThanOrEqual(6);
      return done;
    });
    expect(runs.map(({ scheduled_for }) => scheduled_for.getMilliseconds())).toEqual(runs.map(() => 0));
    expect(new Set(runs.map(({ task, scheduled_for }) => `${task} ${scheduled_for.toISOString()}`)).size).toBe(runs.length);
    await expectOneJobPerRun();
  });

  it('are restored and continue after Redis was emptied', async () => {
    await cron.startProcess({ schedules: everySecond });
    await eventually(async () => expect((await cron.runs()).length).toBeGreaterThanOrEqual(2));
    await cron.emptyRedis();
    const before = (await cron.runs()).length;
    await eventually(async () =>
      expect(await cron.schedulesInRedis()).toEqual(['expire-history', 'expire-tokens', 'rotate-logs']),
    );
    await eventually(async () => expect((await cron.runs()).length).toBeGreaterThanOrEqual(before + 4));
    await expectOneJobPerRun();
  });

  it('start a missed run once without its tick, in one of two processes', async () => {
    const runs = createCleanupRuns(cron.db);
    await runs.plan('expire-tokens', new Date('2026-03-10T03:15:00Z'));
    await runs.plan('rotate-logs', new Date('2026-03-08T03:30:00Z'));
    // Ten days and two weekly runs later.
    const watchdog = { now: () => Date.parse('2026-03-23T03:20:00Z'), intervalMs: 50 };
    await Promise.all([cron.startProcess({ watchdog }), cron.startProcess({ watchdog })]);
    await eventually(async () => expect((await cron.runs()).map(({ state }) => state)).toEqual(Array(5).fill('done')));
    expect((await cron.runs()).map(({ task, scheduled_for }) => [task, scheduled_for.toISOString()])).toEqual([
      ['rotate-logs', '2026-03-08T03:30:00.000Z'],
      ['expire-tokens', '2026-03-10T03:15:00.000Z'],
      ['rotate-logs', '2026-03-22T03:30:00.000Z'],
      ['expire-history', '2026-03-23T02:45:00.000Z'],
      ['expire-tokens', '2026-03-23T03:15:00.000Z'],
    ]);
    await expectOneJobPerRun();
    // One alert per missed task, by whichever process planned its run; a task that has never run was not missed.
    expect(await cron.db.query('select cause, subject, pending from alert_windows order by subject')).toEqual([
      { cause: 'schedule-missed', subject: 'expire-tokens', pending: 1 },
      { cause: 'schedule-missed', subject: 'rotate-logs', pending: 1 },
    ]);
  });
});

describe('a run of a cleanup task', () => {
  it('records its result and cost, with the latency of both servers', async () => {
    await cron.db.query(`insert into leases (name, holder, until) values ('old', gen_random_uuid(), now() - interval '1 day')`);
    await cron.startProcess();
    const [run] = await eventually(async () => {
      const done = (await cron.runs()).filter(({ task, state }) => task === 'expire-tokens' && state === 'done');
      expect(done).toHaveLength(1);
      return done;
    });
    const latency = { postgresqlMs: expect.any(Number), redisMs: expect.any(Number) };
    expect(run).toMatchObject({
      rows: 1,
      detail: {
        apiKeys: 0,
        processes: 0,
        leases: 1,
        isComplete: true,
        durationMs: expect.any(Number),
        latency: { before: latency, during: latency, after: latency },
      },
    });
    expect(run!.bytes).toBeGreaterThan(0);
    expect(run!.started_at!.getTime()).toBeLessThanOrEqual(run!.ended_at!.getTime());
  });

  it('leaves no statement on the server when the process stops, and is released', async () => {
    const app = await cron.db.transaction(async (query) => {
      await query('lock table event_keys in access exclusive mode');
      const started = await cron.startProcess({}, { SHUTDOWN_TIMEOUT_MS: '500' });
      await eventually(async () => expect(await cron.statements('cleanup-cron ')).toEqual(['active']));
      await started.stop();
      // The lock is still held, so a statement that was not cancelled would still wait for it.
      await eventually(async () => expect(await cron.statements('cleanup-cron ')).toEqual([]));
      return started;
    });
    await app.stop();
    expect((await cron.runs()).filter(({ task }) => task === 'expire-history')).toMatchObject([{ state: 'queued' }]);
  });

  it('is recorded as failed with the reason, and is done by the next attempt of its job', async () => {
    // The task fails at its first statement, because it calls this function.
    await cron.db.query('alter function ensure_partitions(integer) rename to hidden');
    await cron.startProcess();
    const rotation = async () => (await cron.runs()).find(({ task }) => task === 'rotate-logs');
    await eventually(async () => expect(await rotation()).toMatchObject({ state: 'failed', detail: { code: 'job-failed' } }));
    await cron.db.query('alter function hidden(integer) rename to ensure_partitions');
    await eventually(async () => expect(await rotation()).toMatchObject({ state: 'done' }));
    // The run is recorded before its job is settled.
    const job = () => cron.db.query(`select outcome, attempts_used from jobs where name = 'rotate-logs'`);
    await eventually(async () => expect(await job()).toEqual([{ outcome: 'done', attempts_used: 2 }]));
  });
});
