import type { ClaimedJob } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createSweepLedger } from '../../src/index';
import { applyOrderEvents } from '../../src/orders/apply-order-events';
import { claimJobs } from '../../src/jobs/claim-jobs';
import { readDueJobs } from '../../src/jobs/read-due-jobs';
import { unappliedEvents } from '../../src/orders/read-orders';
import { settleJobs } from '../../src/jobs/settle-jobs';
import { createLedgerDatabase, followUpsTo, planWith, settlementOf, startProcess, type LedgerDatabase } from '../../src/testing';

let ledger: LedgerDatabase;
let db: Database;
let processId: string;

/** UUIDv7 ids of this week. */
const idOf = (series: number, n: string): string =>
  `(lpad(to_hex((extract(epoch from now()) * 1000)::bigint), 12, '0') || '7000' || '800${series}' || lpad(to_hex(${n}), 12, '0'))::uuid`;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  processId = await startProcess(db);
  await db.query(`
    insert into orders (order_id, status, version, data, key_times)
      select 'o-' || n, 'pending', 1, '{"customer":{"id":"c"}}', '{}' from generate_series(1, 70000) n;
    insert into order_changes (order_id, version, to_status, occurred_at, event_id, data)
      select 'o-' || n, 1, 'pending', now(), ${idOf(1, 'n')}, '{"customer":{"id":"c"}}' from generate_series(1, 70000) n;
    insert into events (event_id, source, id, type, order_id, occurred_at, data)
      select ${idOf(1, 'n')}, 's', n::text, 'order.updated', 'o-' || n, now(), '{"totalMinor":1}' from generate_series(1, 10000) n;
    insert into jobs (id, name, queue, priority, payload, state, order_id)
      select ${idOf(1, 'n')}, 'apply-order-event', 'order-status', 3, jsonb_build_object('orderId', 'o-' || n), 'runnable', 'o-' || n
      from generate_series(1, 10000) n;
    insert into jobs (id, name, queue, priority, payload, state, outcome, order_id, destination, version)
      select ${idOf(2, 'n')}, 'sync-order', 'order-sync.erp', 3, '{}', case when n % 4 = 0 then 'runnable' else 'ended' end,
        case when n % 4 <> 0 then 'done' end, 'o-' || (n / 4), 'erp', n % 4 + 1
      from generate_series(4, 40003) n;
    insert into lanes (order_id, destination) select 'o-' || n, 'other' from generate_series(1, 70000) n;
    insert into lanes (order_id, destination, head) select order_id, destination, id from jobs where state = 'runnable' and destination = 'erp';
    insert into attempts (job_id, number, started_at, outcome, used_attempt)
      select id, 1, now(), 'done', true from jobs where outcome = 'done';
    analyze`);
});
afterAll(() => ledger.close());

type PlanNode = { 'Node Type': string; 'Relation Name'?: string; Plans?: PlanNode[] };

const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** A database that records the large tables that its statements scan. */
async function createObserver() {
  const big = await db.query<{ relname: string }>(`select relname from pg_class where relkind = 'r' and reltuples > 1000`);
  const names = new Set(big.map(({ relname }) => relname));
  const scanned: string[] = [];
  const observe = async (query: Database['query'], text: string, values: readonly unknown[] = []): Promise<void> => {
    // Workers prepare statements, so one plan serves all values, and the plan is visible without them.
    await query(`set local plan_cache_mode = force_generic_plan`);
    await query(`prepare observed as ${text}`);
    const nulls = values.length > 0 ? `(${values.map(() => 'null').join(', ')})` : '';
    const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(`explain (format json) execute observed${nulls}`);
    await query('deallocate observed');
    const scans = nodesOf(row!['QUERY PLAN'][0]!.Plan).filter((node) => node['Node Type'] === 'Seq Scan');
    scanned.push(...scans.map((node) => node['Relation Name'] ?? '').filter((name) => names.has(name)));
  };
  const observer: Database = {
    ...db,
    query: async (text, values) => {
      await db.transaction((query) => observe(query, text, values));
      return db.query(text, values);
    },
    transaction: (work) =>
      db.transaction((query) =>
        work(async (text, values) => {
          await observe(query, text, values);
          return query(text, values);
        }),
      ),
  };
  return { observer, scanned, names };
}

const claimable = async (limit: number): Promise<string[]> =>
  (
    await db.query<{ id: string }>(
      `select id from jobs where queue = 'order-sync.erp' and state = 'runnable' order by run_at limit $1`,
      [limit],
    )
  ).map(({ id }) => id);

describe.each([1, 20, 200])('with 50,000 jobs in the ledger, no large table is scanned for %i jobs at once', (count) => {
  it('by claim and settle', async () => {
    const { observer, scanned, names } = await createObserver();
    expect([...names].filter((name) => name.startsWith('jobs_'))).toHaveLength(1);
    const requests = (await claimable(count)).map((id) => ({ id, token: id }));
    const claims = await claimJobs(observer, requests, {
      queue: 'order-sync.erp',
      destination: 'erp',
      sendsNewest: true,
      sendsMessages: true,
      processId,
    });
    const jobs = claims.flatMap((claim): ClaimedJob[] => (claim.kind === 'claimed' ? [claim.job] : []));
    expect(jobs).toHaveLength(count);
    await settleJobs(
      observer,
      jobs.map((job) => settlementOf(job, undefined, { laneStep: 'newest', message: { state: 'sent' } })),
      processId,
    );
    expect(scanned).toEqual([]);
  });

  it('by load and apply', async () => {
    const { observer, scanned } = await createObserver();
    const rows = await db.query<{ id: string }>(
      `select id from jobs where queue = 'order-status' and state = 'runnable' limit $1`,
      [count],
    );
    await readDueJobs(
      observer,
      rows.map(({ id }) => id),
      'order-status',
    );
    const { results } = await applyOrderEvents(
      observer,
      rows.map(({ id }) => ({ jobId: id })),
      { plan: planWith({ followUps: followUpsTo('erp', 'wms') }), processId },
    );
    expect(results.every(({ kind }) => kind === 'ended')).toBe(true);
    expect(scanned).toEqual([]);
  });
});

it('the sweep finds its pages through an index', async () => {
  const { observer, scanned } = await createObserver();
  const sweep = createSweepLedger(observer, processId);
  const { next } = await sweep.duePage('order-sync.erp', null, 1000, 0);
  await sweep.duePage('order-sync.erp', next, 1000, 0);
  await sweep.freshlyDue('order-sync.erp', 10_000, 1000);
  await sweep.lost('order-sync.erp', 1000);
  expect(scanned).toEqual([]);
});

it('the unapplied events are read by their keys even if the ledger has no statistics yet', async () => {
  const fresh = await createLedgerDatabase();
  let nodes: PlanNode[] = [];
  await unappliedEvents(
    (text) =>
      fresh.db.transaction(async (query) => {
        await query('set local plan_cache_mode = force_generic_plan');
        await query(`prepare observed as ${text}`);
        const [row] = await query<{ 'QUERY PLAN': { Plan: PlanNode }[] }>('explain (format json) execute observed(null, null)');
        nodes = nodesOf(row!['QUERY PLAN'][0]!.Plan);
        return [];
      }),
    [],
  );
  const scansOf = (table: RegExp) =>
    nodes.filter((node) => table.test(node['Relation Name'] ?? '')).map((node) => node['Node Type']);
  expect(new Set(scansOf(/^events_/))).toEqual(new Set(['Index Scan']));
  await fresh.close();
});
