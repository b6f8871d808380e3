import type { Database, Query } from '@orderly/database';
import { type AuditFilter, type AuditRecord, listAudit } from '../src/index';
import { createLedgerDatabase, type LedgerDatabase } from '@orderly/ledger/testing';
import { buffersOf, explained, nodesOf, type PlanNode } from './explained';

let ledger: LedgerDatabase;
let db: Database;

const weeks = 12;
const perWeek = 10_000;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
  // Some weeks of entries, one a minute. One in ten thousand is a person's.
  await db.query(`
    do $$ declare start timestamptz := date_trunc('week', now() at time zone 'UTC') at time zone 'UTC' - interval '${weeks} weeks'; begin
      for week in 0..${weeks - 1} loop
        execute format('create table audit_%s partition of audit for values from (%L) to (%L)',
          to_char((start + make_interval(weeks => week)) at time zone 'UTC', 'IYYY"w"IW'),
          uuid_floor(start + make_interval(weeks => week)), uuid_floor(start + make_interval(weeks => week + 1)));
      end loop;
      insert into audit (id, at, action, order_id, actor, on_behalf_of, subject)
      select uuid_floor(start + make_interval(secs => n * 60)), start + make_interval(secs => n * 60),
        case when n % 10000 = 7 then 'queue.paused' when n % 10 = 0 then 'event.duplicate' else 'event.applied' end,
        case when n % 10000 <> 7 then 'o-' || n % 20000 end,
        case when n % 10000 = 7 then 'ops key' when n % 5000 = 3 then 'rare key' else 'shop key' end,
        case when n % 10000 = 7 then 'ada' when n % 3 = 0 then 'shop key' end,
        case when n % 10000 = 7 then case when n % 20000 = 7 then 'order-sync.erp' else 'orderly_ab12cd34' end end
      from generate_series(1, ${weeks * perWeek}) n;
    end $$;
    analyze audit`);
});
afterAll(() => ledger.close());

const rowsOf = (node: PlanNode): number => node['Actual Rows'] * node['Actual Loops'];

/** A database that records the plans of the list's statements. */
function createObserver() {
  const plans: PlanNode[] = [];
  const observed = (query: Query): Query => explained(query, (plan) => void plans.push(plan));
  const observer: Database = { ...db, transaction: (work) => db.transaction((query) => work(observed(query))) };
  const nodes = (): PlanNode[] => plans.flatMap(nodesOf);
  return {
    observer,
    /** Partitions of future weeks are empty, so a sequential scan of these costs nothing and does not count. */
    scanned: () =>
      nodes().filter((node) => node['Node Type'] === 'Seq Scan' && rowsOf(node) + (node['Rows Removed by Filter'] ?? 0) > 0),
    mostSorted: () =>
      Math.max(
        0,
        ...nodes()
          .filter(({ 'Node Type': type }) => type === 'Sort')
          .flatMap((node) => (node.Plans ?? []).map(rowsOf)),
      ),
    buffers: () => plans.reduce((sum, plan) => sum + buffersOf(plan), 0),
  };
}

const weeksAgo = (count: number): Date => new Date(Date.now() - count * 7 * 86_400_000);

const filters: [string, AuditFilter][] = [
  ['nothing', {}],
  ['an order', { orderId: 'o-4711' }],
  ['an unknown order', { orderId: 'nobody' }],
  ['a common action', { action: 'event.applied' }],
  ['a rare action', { action: 'queue.paused' }],
  ['an action that nobody took', { action: 'api-key.revoked' }],
  ['a common actor', { actor: 'shop key' }],
  ['a rare actor', { actor: 'rare key' }],
  ['a person', { actor: 'ada' }],
  ['a person and an action', { actor: 'ada', action: 'queue.paused' }],
  ['a queue', { subject: 'order-sync.erp' }],
  ['a destination', { subject: 'erp' }],
  ['the start of a key', { subject: 'orderly_ab12cd34' }],
  ['the start of a key without `orderly_`', { subject: 'ab12cd34' }],
  ['a time', { from: weeksAgo(6), to: weeksAgo(5) }],
  ['an order and an action', { orderId: 'o-4711', action: 'event.duplicate' }],
  ['an actor and an action that never occur together', { actor: 'shop key', action: 'queue.paused' }],
  ['a common actor and a common action', { actor: 'shop key', action: 'event.duplicate' }],
  ['a rare actor and a common action', { actor: 'rare key', action: 'event.applied', to: weeksAgo(3) }],
  ['an action at a time', { action: 'event.duplicate', from: weeksAgo(8), to: weeksAgo(7) }],
];

describe.each(filters)('listing audit entries by %s', (_, filter) => {
  const matches = (entry: AuditRecord): boolean =>
    (['orderId', 'action'] as const).every((key) => filter[key] === undefined || entry[key] === filter[key]) &&
    (filter.actor === undefined || [entry.actor, entry.onBehalfOf].includes(filter.actor)) &&
    (filter.subject === undefined || entry.subject?.endsWith(filter.subject) === true) &&
    entry.at >= (filter.from ?? new Date(0)) &&
    entry.at < (filter.to ?? new Date(8.64e15));

  it('reads a bounded part of an index, for the first page and for the second', async () => {
    const first = createObserver();
    const { next } = await listAudit(first.observer, filter, { limit: 50 });
    const behind = createObserver();
    if (next !== undefined) await listAudit(behind.observer, filter, { limit: 50, after: next });
    for (const { scanned, mostSorted, buffers } of [first, behind]) {
      expect(scanned()).toEqual([]);
      expect(mostSorted()).toBeLessThanOrEqual(filter.actor === undefined ? 2_000 : 4_000); // two walks: keys and persons
      expect(buffers()).toBeLessThan(1_000);
    }
  });

  it('returns every matching entry once, the newest first, with any page size', async () => {
    const expected = (
      await db.query<{ id: string }>(matchingSql, [
        filter.orderId ?? null,
        filter.action ?? null,
        filter.actor ?? null,
        filter.subject ?? null,
        filter.from ?? null,
        filter.to ?? null,
      ])
    ).map(({ id }) => id);
    const found: AuditRecord[] = [];
    let after: string | undefined;
    do {
      const page = await listAudit(db, filter, { limit: 200, after });
      found.push(...page.rows);
      after = page.next;
    } while (after !== undefined && found.length < 1_000);
    expect(found.map(({ id }) => id)).toEqual(expected.slice(0, found.length));
    expect(found.length).toBeGreaterThanOrEqual(Math.min(expected.length, 1_000));
    expect(found.every(matches)).toBe(true);
  });
});

const matchingSql = `
  select id from audit
  where ($1::text is null or order_id = $1) and ($2::text is null or action = $2) and ($3::text is null or actor = $3 or on_behalf_of = $3)
    and ($4::text is null or subject like '%' || $4) and ($5::timestamptz is null or at >= $5) and ($6::timestamptz is null or at < $6)
  order by id desc`;

it('the plan check notices a missing index of the audit trail', async () => {
  await db.query('drop index audit_by_subject');
  const { observer, scanned, buffers } = createObserver();
  await listAudit(observer, { subject: 'order-sync.erp' }, { limit: 50 });
  expect(scanned().length > 0 || buffers() > 1_000).toBe(true);
});
