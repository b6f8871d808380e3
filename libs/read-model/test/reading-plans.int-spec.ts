import type { Database } from '@orderly/database';
import { pauseQueue } from '@orderly/ledger';
import { readQueues, readStatistics, readTimeline } from '../src/index';
import { createLedgerDatabase, testActor, type LedgerDatabase } from '@orderly/ledger/testing';
import { buffersOf, explained, nodesOf, type PlanNode } from './explained';
import { manyRows } from './many-rows';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase(manyRows);
  // Like the gateway's connection: it plans each statement for its values, and may choose a sequential scan.
  db = ledger.connect(8, { preparesStatements: false });
  await db.query(`
    insert into order_changes (order_id, version, to_status, occurred_at, event_id)
      select order_id, row_number() over (partition by order_id order by event_id), 'shipped', now(), event_id from events;
    insert into lanes (order_id, destination)
      select 'o-' || n, destination from generate_series(1, 30000) n, unnest(array['erp', 'crm']) destination on conflict do nothing;
    insert into attempts (job_id, number, started_at, outcome, used_attempt)
      select id, 1, now(), 'done', true from jobs where outcome = 'done';
    insert into audit (id, action, order_id, actor) select event_id, 'event.applied', order_id, 'test' from events;
    update jobs set ended_at = to_timestamp(('x' || replace(left(id::text, 13), '-', ''))::bit(48)::bigint / 1000.0) where state = 'ended'`);
  await db.query('vacuum analyze');
  await pauseQueue(db, 'order-sync.erp', { actor: testActor });
});
afterAll(() => ledger.close());

/** Measures a read: the large tables that were read as a whole, and the pages of 8 kB. The statement `before` is rolled back. */
async function measure(
  read: (db: Database) => Promise<unknown>,
  before = 'select',
): Promise<{ scanned: string[]; pages: number; statements: number }> {
  const big = await db.query<{ relname: string }>(`select relname from pg_class where relkind = 'r' and reltuples > 1000`);
  const names = new Set(big.map(({ relname }) => relname));
  const scanned: string[] = [];
  let pages = 0;
  let statements = 0;
  const onPlan = (plan: PlanNode): void => {
    const scans = nodesOf(plan).filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0);
    scanned.push(...scans.map((node) => node['Relation Name'] ?? '').filter((name) => names.has(name)));
    pages += buffersOf(plan);
    statements += 1;
  };
  const undo = new Error('undo');
  const metered: Database = {
    ...db,
    query: (text, values) => metered.transaction((query) => query(text, values)),
    transaction: (work) =>
      db.transaction(async (query) => {
        await query(before);
        const observed = explained(query, onPlan);
        await work(async (text, values) => (text.startsWith('set transaction') ? [] : observed(text, values)));
        throw undo;
      }),
  };
  await expect(read(metered)).rejects.toBe(undo);
  return { scanned, pages, statements };
}

describe('the timeline in a ledger of 30,000 orders over six weeks', () => {
  it.each(['o-29999', 'o-205', 'o-12345'])('reads few pages and no complete large table, for order %s', async (orderId) => {
    const { scanned, pages, statements } = await measure((on) => readTimeline(on, orderId));
    expect(scanned).toEqual([]);
    expect(pages).toBeLessThan(500);
    expect(statements).toBeLessThan(15);
  });

  it('is found to read a complete table if indexes are missing', async () => {
    const { scanned } = await measure((on) => readTimeline(on, 'o-12345'), 'drop index jobs_by_order; drop index audit_by_order');
    expect(scanned.length).toBeGreaterThan(0);
  });
});

it('the queues are counted without reading a complete large table', async () => {
  const { scanned } = await measure(readQueues);
  expect(scanned).toEqual([]);
});

it('the statistics of an hour are counted by ids alone', async () => {
  const to = new Date();
  const from = new Date(to.getTime() - 3_600_000);
  const { scanned, pages } = await measure((on) => readStatistics(on, { from, to }));
  expect(scanned).toEqual([]);
  expect(pages).toBeLessThan(500);
});
