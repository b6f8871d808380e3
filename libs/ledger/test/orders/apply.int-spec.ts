import type { OrderEvent, OrderStatus } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import { acceptAll, acceptEvent, createLedgerDatabase, statusEvent, type LedgerDatabase } from '../../src/testing';
import { eventJobs, orderRow, outcomesOf, startApplier } from './applying';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

function permutations<Item>(items: readonly Item[]): Item[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, index) => permutations(items.toSpliced(index, 1)).map((rest) => [item, ...rest]));
}

describe('applying', () => {
  it('brings every permutation of a life to one end: each event once, versions without a gap, each follow-up once', async () => {
    const life: [OrderStatus, number][] = [
      ['pending', 0],
      ['confirmed', 1],
      ['shipped', 2],
      ['shipped', 3],
      ['delivered', 4],
    ];
    const orders = permutations(life).map((events, index) => ({ orderId: `life-${index}`, events }));
    const accepted = orders.flatMap(({ orderId, events }) => events.map(([status, hour]) => statusEvent(orderId, status, hour)));
    const ids = await acceptAll(db, accepted);
    const deliveries = ids.map((jobId) => ({ jobId })).toSorted((a, b) => (a.jobId.slice(-6) < b.jobId.slice(-6) ? -1 : 1));
    const appliers = await Promise.all([startApplier(db), startApplier(ledger.connect())]);
    await Promise.all(appliers.flatMap(({ apply }) => deliveries.map((delivery) => apply(delivery))));

    const rows = await db.query(
      `select count(*) as jobs, count(*) filter (where outcome = 'done') as done,
         count(*) filter (where outcome in ('duplicate', 'superseded')) as second, bool_and(attempts_used = 1) as once
       from jobs where name = 'apply-order-event' and order_id like 'life-%' group by order_id`,
    );
    expect(rows).toHaveLength(120);
    for (const row of rows) expect(row).toEqual({ jobs: 5, done: 4, second: 1, once: true });
    const results = await db.query(
      `select o.order_id, o.status, o.version,
         array(select version from order_changes c where c.order_id = o.order_id order by version) as versions,
         array(select to_status from order_changes c where c.order_id = o.order_id order by version) as statuses,
         array(select destination || ' ' || version from jobs j where j.order_id = o.order_id and destination is not null order by 1) as told,
         array(select kind from messages m where m.order_id = o.order_id order by version) as messages
       from orders o where o.order_id like 'life-%'`,
    );
    expect(results).toHaveLength(120);
    for (const row of results) {
      expect(row).toMatchObject({
        status: 'delivered',
        version: 4,
        versions: [1, 2, 3, 4],
        statuses: ['pending', 'confirmed', 'shipped', 'delivered'],
        told: ['erp 1', 'erp 2', 'erp 3', 'erp 4', 'wms 1', 'wms 2', 'wms 3', 'wms 4'],
        messages: ['created', 'shipped', 'delivered'],
      });
    }
    // A message has the id of its job. The relay gets each runnable job once: heads and messages.
    expect(await db.query('select 1 from messages m join jobs j using (id)')).toHaveLength(360);
    const relayed = appliers.flatMap((applier) => applier.relayed.map(({ id }) => id));
    expect(relayed).toHaveLength(120 * (2 + 3));
    expect(new Set(relayed).size).toBe(relayed.length);
    const attempts = await db.query(
      `select 1 from attempts a join events e on e.event_id = a.job_id where e.order_id like 'life-%'`,
    );
    expect(attempts).toHaveLength(600);
  });

  it('applies each event once if two processes get events of an unknown order at once, because they lock a placeholder', async () => {
    const appliers = await Promise.all([startApplier(db), startApplier(ledger.connect())]);
    for (let round = 0; round < 30; round += 1) {
      const orderId = `new-${round}`;
      await Promise.all(
        [statusEvent(orderId, 'confirmed'), statusEvent(orderId, 'pending', 0)].map(async (event, index) => {
          const jobId = await acceptEvent(db, event);
          await appliers[index]!.apply({ jobId });
        }),
      );
      expect(await orderRow(db, orderId)).toMatchObject({ status: 'confirmed', version: 2 });
      expect((await outcomesOf(db, orderId)).every((outcome) => outcome === 'done')).toBe(true);
    }
  });

  it('includes an event that was accepted while the order was locked, as if it were due', async () => {
    const orderId = 'busy';
    const { apply } = await startApplier(db);
    const jobId = await acceptEvent(db, statusEvent(orderId, 'pending', 0));
    await db.query('insert into orders (order_id) values ($1)', [orderId]);
    const applied = await db.transaction(async (query) => {
      await query('select 1 from orders where order_id = $1 for update', [orderId]);
      const applying = apply({ jobId });
      const waiting = async (): Promise<number> =>
        (await db.query(`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`)).length;
      while ((await waiting()) === 0) await new Promise(setImmediate);
      await acceptEvent(db, statusEvent(orderId, 'confirmed'));
      return { applying };
    });
    expect(await applied.applying).toMatchObject({ kind: 'ended', outcome: 'done', version: 1 });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done']);
  });

  it('merges the patch of order.updated, increments the version and tells destinations, but notifies nobody', async () => {
    const orderId = 'patched';
    const { apply } = await startApplier(db);
    const patch = (hour: number, data: object): Partial<OrderEvent> => ({
      ...statusEvent(orderId, 'pending', hour),
      type: 'order.updated',
      data,
    });
    const ids = await acceptAll(db, [
      statusEvent(orderId, 'pending', 0),
      patch(2, { totalMinor: 5, metadata: { a: 1 } }),
      patch(1, { totalMinor: 4 }),
    ]);
    expect(await apply({ jobId: ids[1]! })).toEqual({ kind: 'ended', outcome: 'done', version: 2 });
    expect(await orderRow(db, orderId)).toMatchObject({
      version: 2,
      data: { totalMinor: 5, currency: 'EUR', metadata: { a: 1 } },
    });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done', 'superseded']);
    expect(await db.query(`select 1 from jobs where order_id = $1 and destination = 'wms'`, [orderId])).toHaveLength(2);
    expect(await db.query('select kind from messages where order_id = $1', [orderId])).toEqual([{ kind: 'created' }]);
  });

  it('tells destinations about events with notify: false, and writes no message', async () => {
    const orderId = 'history';
    const { apply } = await startApplier(db);
    const [jobId] = await acceptAll(db, [{ ...statusEvent(orderId, 'pending', 0), notify: false }]);
    await apply({ jobId: jobId! });
    expect(
      await db.query(`select destination from jobs where order_id = $1 and destination is not null`, [orderId]),
    ).toHaveLength(2);
    expect(await db.query('select 1 from messages where order_id = $1', [orderId])).toEqual([]);
  });

  it('turns a step that can never be taken into a dead letter with the allowed statuses', async () => {
    const orderId = 'refused';
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [
      statusEvent(orderId, 'pending', 0),
      statusEvent(orderId, 'cancelled', 1),
      statusEvent(orderId, 'delivered', 2),
    ]);
    expect(await apply({ jobId: ids[2]! })).toMatchObject({
      kind: 'ended',
      outcome: 'dead',
      code: 'transition-not-allowed',
    });
    expect((await eventJobs(db, orderId))[2]).toMatchObject({
      outcome: 'dead',
      error_code: 'transition-not-allowed',
      detail: { current: 'cancelled', allowed: ['refunded'] },
    });
  });

  it('finds nothing to do if another process has already applied the event', async () => {
    const orderId = 'applied';
    const { apply } = await startApplier(db);
    const jobId = await acceptEvent(db, statusEvent(orderId, 'pending', 0));
    await apply({ jobId });
    expect(await apply({ jobId })).toEqual({ kind: 'idle' });
    expect(await orderRow(db, orderId)).toMatchObject({ version: 1 });
  });

  it('splits an order with more events than one transaction accepts', async () => {
    const orderId = 'many';
    const { apply } = await startApplier(db);
    const patches = Array.from({ length: 600 }, (_, index): Partial<OrderEvent> => {
      const occurredAt = new Date(Date.UTC(2026, 0, 2) + index * 1000).toISOString();
      return { orderId, occurredAt, type: 'order.updated', data: { totalMinor: index } };
    });
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), ...patches]);
    expect(await apply({ jobId: ids[600]! })).toMatchObject({ kind: 'later' });
    expect(await orderRow(db, orderId)).toMatchObject({ version: 500 });
    expect(await apply({ jobId: ids[600]! })).toEqual({ kind: 'ended', outcome: 'done', version: 601 });
  });
});
