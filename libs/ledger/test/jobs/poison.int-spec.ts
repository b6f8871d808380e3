import type { OrderEvent } from '@orderly/contracts';
import type { Database } from '@orderly/database';
import {
  acceptAll,
  createLedgerDatabase,
  createStatusLedger,
  followUpsTo,
  readDue,
  settlementOf,
  startProcess,
  statusEvent,
  type LedgerDatabase,
} from '../../src/testing';
import { eventJobs, orderRow, outcomesOf, startApplier } from '../orders/applying';
import { wait } from './sync-jobs';

let ledger: LedgerDatabase;
let db: Database;

beforeAll(async () => {
  ledger = await createLedgerDatabase();
  db = ledger.db;
});
afterAll(() => ledger.close());

const patch = (orderId: string, hour: number): Partial<OrderEvent> => ({
  ...statusEvent(orderId, 'pending', hour),
  type: 'order.updated',
  data: { totalMinor: hour },
});
const poison = (id: string) => db.query(`update events set type = 'order.exploded' where event_id = $1`, [id]);

/** Settles a failed apply as the runtime does. */
async function charge(jobId: string, verdict: 'retry' | 'dead'): Promise<void> {
  const status = createStatusLedger({ db, processId: await startProcess(db), relay: () => undefined, wait });
  const job = await readDue(status, jobId);
  await status.settle(
    settlementOf(
      job,
      verdict === 'dead'
        ? { kind: 'dead', code: 'job-failed', message: 'x', fingerprint: 'x' }
        : { kind: 'again', delayMs: 16_000, usesAttempt: true, waitReason: 'retry' },
    ),
  );
}

describe('an event that cannot be applied', () => {
  it('fails alone: earlier events and other orders take effect, and later events follow after its dead letter', async () => {
    const orderId = 'poisoned';
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [
      statusEvent(orderId, 'pending', 0),
      patch(orderId, 1),
      patch(orderId, 2),
      patch(orderId, 3),
    ]);
    await poison(ids[2]!);
    const others = Array.from({ length: 20 }, (_, index) => statusEvent(`neighbour-${index}`, 'pending', 0));
    const otherIds = await acceptAll(db, others);

    const results = await Promise.allSettled([
      ...ids.map((jobId) => apply({ jobId })),
      ...otherIds.map((jobId) => apply({ jobId })),
    ]);
    const failed = results.flatMap((result, index) => (result.status === 'rejected' ? [index] : []));
    expect(failed).toEqual([2]);
    expect(results[3]).toMatchObject({ value: { kind: 'later' } });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done', 'runnable', 'runnable']);
    expect(await orderRow(db, orderId)).toMatchObject({ version: 2, data: { totalMinor: 1 } });
    expect(await db.query(`select 1 from orders where order_id like 'neighbour-%' and version = 1`)).toHaveLength(20);

    await charge(ids[2]!, 'retry');
    expect((await eventJobs(db, orderId)).map(({ attempts_used }) => attempts_used)).toEqual([1, 1, 1, 0]);
    const behind = await apply({ jobId: ids[3]! });
    expect(behind.kind).toBe('later');
    expect((behind as { delayMs: number }).delayMs).toBeGreaterThan(10_000);

    await db.query('update jobs set run_at = now() where id = $1', [ids[2]]);
    await charge(ids[2]!, 'dead');
    expect(await apply({ jobId: ids[3]! })).toEqual({ kind: 'ended', outcome: 'done', version: 3 });
    expect(await outcomesOf(db, orderId)).toEqual(['done', 'done', 'dead', 'done']);
    const attempts = await db.query('select number, outcome, used_attempt from attempts where job_id = $1 order by number', [
      ids[2],
    ]);
    expect(attempts).toEqual([
      { number: 1, outcome: 'retry', used_attempt: true },
      { number: 2, outcome: 'dead', used_attempt: true },
    ]);
    const audited = await db.query('select * from audit where event_id = $1', [ids[2]]);
    expect(audited).toEqual([
      expect.objectContaining({ action: 'event.rejected', code: 'job-failed', reason: 'x', actor: 'orderly', order_id: orderId }),
    ]);
    expect(audited[0]).toMatchObject({ source: 'shop', from_status: 'pending', to_status: null, version: 2 });
  });

  it('does not delay the events before it while it waits for its retry', async () => {
    const orderId = 'behind';
    const { apply } = await startApplier(db);
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), patch(orderId, 1), patch(orderId, 2)]);
    await poison(ids[1]!);
    await charge(ids[1]!, 'retry');
    expect(await apply({ jobId: ids[0]! })).toMatchObject({ kind: 'ended', version: 1 });
    expect(await apply({ jobId: ids[2]! })).toMatchObject({ kind: 'later' });
  });

  it('uses attempts at its deadline too if it was parked, instead of being tried for ever', async () => {
    const orderId = 'parked-poison';
    const { apply } = await startApplier(db, {
      atDeadline: 'apply',
      followUps: (decision, event) => {
        if (decision.change.to === 'shipped') throw new Error('no follow-ups');
        return followUpsTo('erp')(decision, event);
      },
    });
    const ids = await acceptAll(db, [statusEvent(orderId, 'pending', 0), statusEvent(orderId, 'shipped', 2)]);
    await apply({ jobId: ids[0]! });
    await db.query(`update jobs set run_at = now() - interval '1 s' where id = $1`, [ids[1]]);
    await expect(apply({ jobId: ids[1]! })).rejects.toThrow('no follow-ups');
  });
});
