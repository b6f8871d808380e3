import type { Database } from '@orderly/database';
import type { DeliveredJob } from '@orderly/jobs';
import type { PoolClient } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import { acceptAll, acceptEvent, createLedgerDatabase, statusEvent, type LedgerDatabase } from '../../src/testing';
import { orderRow, outcomesOf, startApplier } from './applying';

let ledger: LedgerDatabase;
let db: Database;

beforeEach(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterEach(() => ledger.close());

/** A database with one connection that records its statements. */
function counted(): { readonly db: Database; readonly sent: string[] } {
  const one = ledger.connect(1);
  const sent: string[] = [];
  one.pool.on('connect', (client: PoolClient) => {
    const query = client.query.bind(client) as (...args: unknown[]) => unknown;
    Object.assign(client, {
      query: (...args: unknown[]) => {
        const [statement] = args as [string | { text: string }];
        sent.push(typeof statement === 'string' ? statement : statement.text);
        return query(...args);
      },
    });
  });
  return { db: one, sent };
}

it.each([1, 20, 200])('a batch of %i orders takes six statements, whether the orders are new or known', async (count) => {
  const { db: one, sent } = counted();
  const { apply } = await startApplier(one);
  const orderIds = Array.from({ length: count }, (_, index) => `order-${index}`);
  const applyAll = async (ids: readonly string[]): Promise<string[]> => {
    sent.length = 0;
    const results = await Promise.all(ids.map((jobId) => apply({ jobId })));
    expect(results.every(({ kind }) => kind === 'ended')).toBe(true);
    return [...sent];
  };
  const created = await acceptAll(
    db,
    orderIds.map((orderId) => statusEvent(orderId, 'pending', 0)),
  );
  expect(await applyAll(created)).toHaveLength(6);
  const confirmed = await acceptAll(
    db,
    orderIds.map((orderId) => statusEvent(orderId, 'confirmed', 1)),
  );
  const statements = await applyAll(confirmed);
  expect(statements).toHaveLength(6);
  expect(statements[0]).toMatch(/^begin/);
  expect(statements.at(-1)).toBe('commit');
});

describe('a delivery', () => {
  it('reports why there is nothing to do, and neither creates nor locks its order', async () => {
    const { apply } = await startApplier(db);
    const ids = await acceptAll(
      db,
      ['later', 'parked', 'other', 'odd', 'fine'].map((orderId) => ({ orderId })),
    );
    const [later = '', parked = '', other = '', odd = '', fine = ''] = ids;
    await db.query(`update jobs set run_at = now() + interval '1 minute' where id = any($1)`, [[later, parked]]);
    await db.query(`update jobs set state = 'parked' where id = $1`, [parked]);
    await db.query(`update jobs set name = 'paint-order' where id = $1`, [other]);
    await db.query(`update jobs set payload = '{}' where id = $1`, [odd]);
    const begun: string[] = [];
    const begin = ({ orderId }: DeliveredJob): undefined => void begun.push(orderId);
    const results = await Promise.all([uuidv7(), ...ids].map((jobId) => apply({ jobId, begin })));
    expect(results).toEqual([
      { kind: 'missing' },
      { kind: 'later', delayMs: expect.any(Number) as unknown },
      { kind: 'idle' },
      { kind: 'refused', code: 'unknown-job' },
      { kind: 'refused', code: 'invalid-payload' },
      { kind: 'ended', outcome: 'done', version: 1 },
    ]);
    expect(await db.query('select order_id from orders')).toEqual([{ order_id: 'fine' }]);
    expect(begun).toEqual(['fine']);
    expect(await apply({ jobId: fine, begin })).toEqual({ kind: 'idle' });
    expect(begun).toEqual(['fine']);
  });

  it('waits while its queue is held, and is applied afterwards', async () => {
    const { apply } = await startApplier(db);
    const jobId = await acceptEvent(db, { orderId: 'A' });
    await db.query(
      `insert into holds (scope, key, reason, until) values ('queue', 'order-status', 'paused', now() + interval '1 h')`,
    );
    expect(await apply({ jobId })).toEqual({ kind: 'held', delayMs: expect.any(Number) as unknown });
    expect(await orderRow(db, 'A')).toBeUndefined();
    await db.query('update holds set until = now()');
    expect(await apply({ jobId })).toMatchObject({ kind: 'ended' });
  });

  it('returns what it is about, and its follow-up jobs continue its trace', async () => {
    const { apply } = await startApplier(db);
    const jobId = await acceptEvent(db, { orderId: 'A' });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01';
    let begun: DeliveredJob | undefined;
    await apply({
      jobId,
      begin: (job) => {
        begun = job;
        return { traceparent };
      },
    });
    expect(begun).toMatchObject({ id: jobId, name: 'apply-order-event', orderId: 'A', attemptsUsed: 0, traceparent: null });
    expect(begun!.waitMs).toBeGreaterThanOrEqual(0);
    const [attempt] = await db.query('select trace_id from attempts where job_id = $1', [jobId]);
    expect(attempt).toEqual({ trace_id: '0af7651916cd43dd8448eb211c80319c' });
  });
});

it('each event is applied once by several processes, with many deliveries of one order and both new and old orders', async () => {
  const appliers = await Promise.all([1, 2, 3].map(() => startApplier(ledger.connect(2))));
  for (let round = 0; round < 10; round += 1) {
    const orderIds = Array.from({ length: 12 }, (_, index) => `order-${index + round * 6}`);
    const events = orderIds.flatMap((orderId) => [
      { ...statusEvent(orderId, 'pending', 0) },
      { ...statusEvent(orderId, 'confirmed', 1) },
    ]);
    const ids = await acceptAll(db, events);
    await Promise.all(
      appliers.flatMap(({ apply }, index) => (index % 2 ? ids : ids.toReversed()).map((jobId) => apply({ jobId }))),
    );
    for (const orderId of orderIds) expect(await outcomesOf(db, orderId)).not.toContain('runnable');
  }
  expect(await db.query('select distinct status, version from orders')).toEqual([{ status: 'confirmed', version: 2 }]);
  const relayed = appliers.flatMap((applier) => applier.relayed.map(({ id }) => id));
  expect(new Set(relayed).size).toBe(relayed.length);
});
