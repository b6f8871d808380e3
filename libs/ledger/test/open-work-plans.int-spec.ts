import type { Database } from '@orderly/database';
import { rotateLogs } from '../src/index';
import { createLedgerDatabase, type LedgerDatabase } from '../src/testing';
import { countPages } from './count-pages';
import { makeExpiredWeek, middleOf } from './expired-weeks';

let ledger: LedgerDatabase;
let db: Database;
let week: string;

/** Enough jobs that a scan reads far more pages than an index probe. */
const jobs = 20_000;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  // Plans each statement for its values, as `cleanup-cron run` does. Such a planner may prefer a scan.
  db = ledger.connect(2, { preparesStatements: false });
  week = await makeExpiredWeek(db, 120);
  await db.query(
    `insert into jobs (id, name, queue, priority, payload, state, order_id)
     select (left(uuid_floor(${middleOf(week)})::text, 24) || lpad(to_hex(n), 12, '0'))::uuid,
       'sync-order', 'order-sync.erp-' || n % 10, 3, '{}', (array['runnable', 'blocked', 'parked'])[n % 3 + 1], 'o-' || n
     from generate_series(1, ${jobs}) n`,
  );
});
afterEach(() => ledger.close());

const probe = /^\s*select exists/;

const rotation = {
  ...{ pause: async () => true, signal: new AbortController().signal },
  ...{ weeksAhead: 0, retentionDays: 90, auditRetentionDays: 400 },
};

/** For all probes together: nine of default partitions, and two of this week with its ten queues. */
const fewPages = 250;

describe('the search for open work in a large week', () => {
  it.each([
    ['fresh statistics', 'analyze jobs'],
    ['statistics from when all jobs were open', ''],
  ])('reads a few pages and drops the week when all jobs have ended, with %s', async (_title, analyze) => {
    await db.query('analyze jobs');
    await db.query(`update jobs set state = 'ended', outcome = 'done'`);
    await db.query('vacuum jobs');
    if (analyze) await db.query(analyze);
    const { counted, pages } = countPages(db, probe);
    expect(await rotateLogs(counted, rotation)).toMatchObject({ kept: [], dropped: expect.arrayContaining([`jobs_${week}`]) });
    expect(pages()).toBeLessThan(fewPages);
  });

  it.each(['runnable', 'running', 'parked', 'blocked'])(
    'reads a few pages and keeps the week for its last job, which is %s',
    async (state) => {
      const token = state === 'running' ? 'gen_random_uuid()' : 'null::uuid';
      await db.query(
        `update jobs set state = case when order_id = 'o-12345' then '${state}' else 'ended' end,
         outcome = case when order_id = 'o-12345' then null else 'done' end,
         claim_token = case when order_id = 'o-12345' then ${token} end`,
      );
      await db.query('vacuum analyze jobs');
      const { counted, pages } = countPages(db, probe);
      expect(await rotateLogs(counted, rotation)).toMatchObject({ kept: [`${week}: open jobs`], dropped: [] });
      expect(pages()).toBeLessThan(fewPages);
    },
  );
});
