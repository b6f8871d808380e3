import type { Database } from '@orderly/database';
import type { ClaimedJob, Ledger } from '@orderly/jobs';
import { createClaimLedger } from '../../src/index';
import { acceptAll, createLedgerDatabase, followUpsTo, settlementOf, startProcess, type LedgerDatabase } from '../../src/testing';
import { startApplier } from '../orders/applying';
import { wait } from './sync-jobs';

let ledger: LedgerDatabase;
beforeAll(async () => void (ledger = await createLedgerDatabase()));
afterAll(() => ledger.close());

/** A connection that records its statements: each is one round trip. */
function counting(db: Database): { db: Database; statements: string[] } {
  const statements: string[] = [];
  const noted =
    (query: Database['query']): Database['query'] =>
    (text, values) => {
      statements.push(text);
      return query(text, values);
    };
  const transaction: Database['transaction'] = async (work) => {
    statements.push('begin');
    const result = await db.transaction((query) => work(noted(query)));
    statements.push('commit');
    return result;
  };
  return { db: { ...db, query: noted(db.query), transaction }, statements };
}

async function claimAndSettle(claims: Ledger, ids: readonly string[]): Promise<ClaimedJob[]> {
  const results = await Promise.all(ids.map((jobId) => claims.claim({ jobId })));
  const jobs = results.flatMap((claim) => (claim.kind === 'claimed' ? [claim.job] : []));
  await Promise.all(jobs.map((job) => claims.settle(settlementOf(job, undefined, { message: { state: 'sent' } }))));
  return jobs;
}

describe('a batch of jobs with an effect outside PostgreSQL', () => {
  it.each([
    ['sync-order', 'order-sync.erp', 'erp', 5],
    ['send-notification', 'notifications', null, 2],
  ])(
    '%s takes few round trips from claim to settlement, including the read of the order',
    async (name, queue, destination, count) => {
      const { db, statements } = counting(ledger.db);
      const orderIds = ['a', 'b', 'c'].map((id) => `${id}-${name}`);
      const { apply } = await startApplier(ledger.db, { followUps: followUpsTo('erp') });
      const events = await acceptAll(
        ledger.db,
        orderIds.map((orderId) => ({ orderId })),
      );
      await Promise.all(events.map((jobId) => apply({ jobId })));
      const jobs = await ledger.db.query<{ id: string }>(`select id from jobs where name = $1 and order_id = any($2)`, [
        name,
        orderIds,
      ]);
      const claims = createClaimLedger(
        { db, processId: await startProcess(ledger.db), relay: () => undefined, wait },
        { queue, destination, sendsNewest: false, sendsMessages: destination === null },
      );
      const claimed = await claimAndSettle(
        claims,
        jobs.map(({ id }) => id),
      );
      expect(claimed.map(({ order }) => order?.orderId).sort()).toEqual(orderIds);
      expect(statements).toHaveLength(count);
    },
  );
});
