import { knownQueues } from '../src/queues/known-queues';
import type { Database, Query } from '@orderly/database';
import { listEvents, listJobs, listMessages, listOrders } from '../src/index';
import { createLedgerDatabase, type LedgerDatabase } from '@orderly/ledger/testing';
import { buffersOf, explained, nodesOf } from './explained';
import { manyRows } from './many-rows';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase(manyRows);
  // Like the gateway's connection: it plans each statement for its values, and may choose a sequential scan.
  db = ledger.connect(8, { preparesStatements: false });
});
afterAll(() => ledger.close());

/** The work of one statement. */
interface Cost {
  /** Tables with more than 1,000 rows that were read as a whole. */
  readonly scanned: readonly string[];
  /** The highest number of rows that one sort received. */
  readonly sorted: number;
  /** Pages of 8 kB that were read, from memory or from disk. */
  readonly buffers: number;
}

/** A database that measures its statements. With `within` they run in that open transaction. */
async function createMeter(within?: Query): Promise<{ meter: Database; costs: Cost[] }> {
  const big = await db.query<{ relname: string }>(`select relname from pg_class where relkind = 'r' and reltuples > 1000`);
  const names = new Set(big.map(({ relname }) => relname));
  const costs: Cost[] = [];
  const measured = (query: Query): Query =>
    explained(query, (plan) => {
      const nodes = nodesOf(plan);
      const scans = nodes.filter((node) => node['Node Type'] === 'Seq Scan' && node['Actual Loops'] > 0);
      const sorts = nodes.filter((node) => node['Node Type'].endsWith('Sort'));
      costs.push({
        scanned: scans.map((node) => node['Relation Name'] ?? '').filter((name) => names.has(name)),
        sorted: Math.max(0, ...sorts.flatMap((node) => (node.Plans ?? []).map((input) => input['Actual Rows']))),
        buffers: buffersOf(plan),
      });
    });
  const meter: Database = {
    ...db,
    query: measured(within ?? db.query),
    transaction: (work) => (within ? work(measured(within)) : db.transaction((query) => work(measured(query)))),
  };
  return { meter, costs };
}

const lists = { jobs: listJobs, events: listEvents, messages: listMessages, orders: listOrders };
const list = (which: keyof typeof lists, database: Database, filter: object): Promise<{ rows: readonly unknown[] }> =>
  lists[which](database, filter, { limit: 50 });

const day = (ago: number): Date => new Date(Date.now() - ago * 86_400_000);

describe.each([
  ['without statistics', async () => undefined],
  // As autovacuum does.
  ['with statistics', () => db.query('vacuum analyze')],
])('%s', (_, prepare) => {
  beforeAll(() => prepare(), 60_000);

  it('the names of queues are found without reading jobs', async () => {
    const { meter, costs } = await createMeter();
    expect(await knownQueues(meter)).toEqual([
      'notifications',
      'order-status',
      'order-sync.crm',
      'order-sync.erp',
      'order-sync.wms',
    ]);
    costs.forEach(expectCheap);
  });

  it.each<[keyof typeof lists, object, number]>([
    ['jobs', {}, 50],
    ['jobs', { from: day(30), to: day(29) }, 50],
    ['jobs', { orderId: 'o-100' }, 7],
    ['jobs', { customerId: 'c-77' }, 50],
    ['jobs', { name: 'sync-order' }, 50],
    ['jobs', { name: 'send-notification' }, 50],
    ['jobs', { name: 'rotate-logs' }, 0],
    ['jobs', { destination: 'erp' }, 50],
    ['jobs', { destination: 'crm' }, 10],
    ['jobs', { state: 'runnable' }, 50],
    ['jobs', { state: 'retrying' }, 40],
    ['jobs', { state: 'running' }, 0],
    ['jobs', { state: 'parked' }, 50],
    ['jobs', { state: 'ended' }, 50],
    ['jobs', { outcome: 'done' }, 50],
    ['jobs', { outcome: 'duplicate' }, 50],
    ['jobs', { outcome: 'dead' }, 50],
    ['jobs', { outcome: 'unknown' }, 1],
    ['jobs', { fingerprint: 'destination-refused:erp' }, 10],
    ['jobs', { batch: 'old' }, 50],
    ['jobs', { batch: 'new' }, 50],
    ['jobs', { batch: 'old', outcome: 'dead' }, 24],
    ['jobs', { batch: 'old', state: 'retrying' }, 40],
    ['jobs', { destination: 'erp', state: 'retrying' }, 20],
    ['jobs', { destination: 'erp', outcome: 'dead' }, 10],
    ['jobs', { destination: 'wms', outcome: 'done' }, 50],
    ['jobs', { name: 'apply-order-event', state: 'parked', from: day(20) }, 28],
    ['events', {}, 50],
    ['events', { from: day(30), to: day(29) }, 50],
    ['events', { orderId: 'o-100' }, 4],
    ['events', { customerId: 'c-77' }, 40],
    ['events', { type: 'order.updated' }, 7],
    ['events', { type: 'order.created' }, 50],
    ['events', { source: 'till' }, 4],
    ['events', { source: 'shop' }, 50],
    ['events', { status: 'pending' }, 50],
    ['events', { status: 'parked' }, 50],
    ['events', { status: 'applied' }, 50],
    ['events', { status: 'duplicate' }, 50],
    ['events', { status: 'rejected' }, 40],
    ['events', { batch: 'old' }, 50],
    ['events', { batch: 'new' }, 40],
    ['events', { batch: 'old', status: 'rejected' }, 4],
    ['messages', {}, 50],
    ['messages', { from: day(30), to: day(29) }, 50],
    ['messages', { orderId: 'o-100' }, 1],
    ['messages', { customerId: 'c-77' }, 10],
    ['messages', { kind: 'refunded' }, 1],
    ['messages', { kind: 'created' }, 50],
    ['messages', { state: 'unknown' }, 1],
    ['messages', { state: 'delivered' }, 50],
    ['messages', { kind: 'shipped', state: 'delivered' }, 50],
    ['messages', { batch: 'old' }, 50],
    ['messages', { batch: 'old', state: 'unknown' }, 1],
    ['messages', { channel: 'email' }, 50],
    ['orders', {}, 50],
    ['orders', { from: day(30), to: day(29) }, 50],
    ['orders', { customerId: 'c-77' }, 10],
    ['orders', { customerId: 'big' }, 50],
    ['orders', { status: 'refunded' }, 5],
    ['orders', { status: 'delivered' }, 50],
    ['orders', { lane: { destination: 'erp', state: 'blocked' } }, 10],
    ['orders', { lane: { destination: 'erp', state: 'open' } }, 50],
    ['orders', { batch: 'old' }, 50],
    ['orders', { batch: 'new' }, 10],
    ['orders', { batch: 'old', lane: { destination: 'erp', state: 'blocked' } }, 10],
  ])('a page of %s with %j reads a few hundred pages of index and table', async (which, filter, count) => {
    const { meter, costs } = await createMeter();
    const { rows } = await list(which, meter, filter);
    expect(rows).toHaveLength(count);
    expect(costs.length).toBeGreaterThan(0);
    for (const cost of costs) expectCheap(cost);
  });

  it.each<[keyof typeof lists, object]>([
    ['jobs', { state: 'runnable', batch: 'old' }],
    ['jobs', { destination: 'wms', outcome: 'superseded' }],
    ['jobs', { name: 'sync-order', outcome: 'superseded' }],
    ['jobs', { outcome: 'done', errorCode: 'job-failed' }],
    ['events', { type: 'order.updated', source: 'web' }],
    ['events', { batch: 'old', type: 'order.updated', source: 'till' }],
    ['events', { source: 'shop', status: 'discarded' }],
    ['messages', { channel: 'sms' }],
    ['messages', { kind: 'created', state: 'sent', channel: 'sms' }],
    ['orders', { status: 'shipped', lane: { destination: 'crm', state: 'blocked' } }],
    ['orders', { batch: 'old', status: 'refunded' }],
    ['orders', { customerId: 'big', status: 'refunded' }],
  ])('a page of %s with %j, which matches few rows or none, stops after a bounded walk', async (which, filter) => {
    const { meter, costs } = await createMeter();
    await list(which, meter, filter);
    for (const { scanned, sorted, buffers } of costs) {
      expect(scanned).toEqual([]);
      // Each of the five queues is walked on its own.
      expect(sorted).toBeLessThanOrEqual(5 * 2000);
      expect(buffers).toBeLessThan(25_000);
    }
  });
});

it.each<[index: string, keyof typeof lists, object]>([
  ['jobs_by_queue', 'jobs', { state: 'parked' }],
  ['jobs_by_outcome', 'jobs', { outcome: 'unknown' }],
  ['jobs_by_fingerprint', 'jobs', { fingerprint: 'destination-refused:erp' }],
  ['events_by_source', 'events', { source: 'till' }],
  ['messages_by_state', 'messages', { state: 'unknown' }],
  ['orders_by_status', 'orders', { status: 'refunded' }],
])('the plan check notices that the index %s is missing, for a page of %s with %j', async (index, which, filter) => {
  const undo = new Error('undo');
  const attempt = db.transaction(async (query) => {
    await query(`drop index ${index}`);
    const { meter, costs } = await createMeter(query);
    await list(which, meter, filter);
    expect(() => costs.forEach(expectCheap)).toThrow();
    throw undo;
  });
  await expect(attempt).rejects.toBe(undo);
});

// A page of 50 rows takes up to eleven walks in each of eighteen partitions, or four pages of rows from each of five queues. Before
// the first vacuum even an index-only scan looks up each row in its table.
function expectCheap({ scanned, sorted, buffers }: Cost): void {
  expect(scanned).toEqual([]);
  expect(sorted).toBeLessThan(1100);
  expect(buffers).toBeLessThan(1000);
}
