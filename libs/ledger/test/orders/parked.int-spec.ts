import type { Database } from '@orderly/database';
import { acceptAll, createLedgerDatabase, statusEvent, type LedgerDatabase } from '../../src/testing';
import { eventJobs, orderRow, outcomesOf, startApplier } from './applying';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const passDeadline = (id: string) => db.query(`update jobs set run_at = now() - interval '1 s' where id = $1`, [id]);
const changes = (orderId: string) =>
  db.query('select from_status, to_status, skipped from order_changes where order_id = $1 order by version', [orderId]);

describe('an early event', () => {
  it('is parked until its deadline, counted from its acceptance, and uses no attempt', async () => {
    const orderId = 'early';
    const { apply } = await startApplier(db, { parkedDeadlineMs: 900_000 });
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'shipped', 2)]);
    await db.query(`update events set accepted_at = accepted_at - interval '5 minutes' where event_id = $1`, [ids[1]]);
    expect(await apply({ jobId: ids[1]! })).toEqual({ kind: 'parked' });
    expect((await eventJobs(db, orderId))[1]).toMatchObject({ state: 'parked', wait_reason: 'parked', attempts_used: 0 });
    const [left] = await db.query<{ s: number }>(
      'select extract(epoch from run_at - now())::float8 as s from jobs where id = $1',
      [ids[1]],
    );
    expect(left!.s).toBeGreaterThan(590);
    expect(left!.s).toBeLessThanOrEqual(600);
    expect(await db.query('select 1 from attempts where job_id = $1', [ids[1]])).toEqual([]);
    expect(await apply({ jobId: ids[1]! })).toEqual({ kind: 'idle' });
  });

  it('is applied together with the step that it waited for', async () => {
    const orderId = 'taken';
    const { apply } = await startApplier(db);
    const early = await acceptAll(db, [
      statusEvent(orderId, 'pending', 0),
      statusEvent(orderId, 'delivered', 3),
      statusEvent(orderId, 'shipped', 2),
    ]);
    await apply({ jobId: early[0]! });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'parked', 'parked']);
    const [step] = await acceptAll(db, [statusEvent(orderId, 'confirmed', 1)]);
    await apply({ jobId: step! });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done', 'done', 'done']);
    expect((await eventJobs(db, orderId)).map(({ result_version }) => result_version)).toEqual([1, 4, 3, 2]);
    expect((await eventJobs(db, orderId)).every(({ attempts_used }) => attempts_used === 1)).toBe(true);
  });

  it('is applied at its deadline with the steps in between as skipped, if the policy says so', async () => {
    const orderId = 'applied-late';
    const { apply } = await startApplier(db, { atDeadline: 'apply' });
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'shipped', 2)]);
    await apply({ jobId: ids[0]! });
    await passDeadline(ids[1]!);
    expect(await apply({ jobId: ids[1]! })).toEqual({ kind: 'ended', outcome: 'done', version: 2 });
    expect(await changes(orderId)).toEqual([
      { from_status: null, to_status: 'pending', skipped: [] },
      { from_status: 'pending', to_status: 'shipped', skipped: ['confirmed'] },
    ]);
  });

  it('is a dead letter at its deadline, if the policy says so', async () => {
    const orderId = 'dead-late';
    const { apply } = await startApplier(db, { atDeadline: 'dead-letter' });
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'shipped', 2)]);
    await apply({ jobId: ids[0]! });
    await passDeadline(ids[1]!);
    expect(await apply({ jobId: ids[1]! })).toMatchObject({ kind: 'ended', outcome: 'dead', code: 'parked-too-long' });
    expect(await orderRow(db, orderId)).toMatchObject({ status: 'pending', version: 1 });
  });

  it.each(['apply', 'dead-letter'] as const)(
    'is a dead letter at its deadline if its order never arrived, even with %s',
    async (atDeadline) => {
      const orderId = `orphan-${atDeadline}`;
      const { apply } = await startApplier(db, { atDeadline });
      const [jobId] = await acceptAll(db, [statusEvent(orderId, 'shipped', 2)]);
      expect(await apply({ jobId: jobId! })).toEqual({ kind: 'parked' });
      await passDeadline(jobId!);
      expect(await apply({ jobId: jobId! })).toMatchObject({ kind: 'ended', outcome: 'dead', code: 'order-unknown' });
      expect(await orderRow(db, orderId)).toMatchObject({ status: null, version: 0 });
    },
  );

  it('is not given up at its deadline while its missing step waits for a retry', async () => {
    const orderId = 'patient';
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'shipped', 2)]);
    await apply({ jobId: ids[0]! });
    const [step] = await acceptAll(db, [statusEvent(orderId, 'confirmed', 1)]);
    await db.query(`update jobs set run_at = now() + interval '16 s', wait_reason = 'retry', attempts_used = 1 where id = $1`, [
      step,
    ]);
    await passDeadline(ids[1]!);
    expect(await apply({ jobId: ids[1]! })).toMatchObject({ kind: 'later' });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'parked', 'runnable']);
    await db.query('update jobs set run_at = now() where id = $1', [step]);
    await apply({ jobId: step! });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done', 'done']);
  });

  it('is freed by its order even if more events wait than one transaction reads', async () => {
    const { apply } = await startApplier(db);
    const orderId = 'crowded';
    const updates = Array.from({ length: 1200 }, (_, index) => ({
      orderId,
      type: 'order.updated' as const,
      occurredAt: new Date(Date.UTC(2026, 0, 2) + index * 1000).toISOString(),
      data: { totalMinor: index },
    }));
    const early = await acceptAll(db, updates);
    for (let tries = 0; (await outcomesOf(db, orderId)).includes('runnable'); tries += 1) {
      expect(tries).toBeLessThan(5);
      for (const { id } of (await eventJobs(db, orderId)).filter(({ state }) => state === 'runnable').slice(0, 1)) {
        await apply({ jobId: id });
      }
    }
    const [created = ''] = await acceptAll(db, [statusEvent(orderId, 'pending')]);
    expect(await apply({ jobId: created })).toMatchObject({ kind: 'ended', outcome: 'done' });
    expect(new Set(await outcomesOf(db, orderId))).toEqual(new Set(['done']));
    expect(await orderRow(db, orderId)).toMatchObject({ version: early.length + 1, data: { totalMinor: 1199 } });
  });
});
