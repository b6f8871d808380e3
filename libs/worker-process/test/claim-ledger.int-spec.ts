import { createClaimLedger, createProcessRegistry } from '@orderly/ledger';
import { describeLedger } from '@orderly/queue/testing';
import { v7 as uuidv7 } from 'uuid';
import { createWorkerFixture } from '../src/testing';

describeLedger('the ledger in PostgreSQL', async () => {
  const { db, close } = await createWorkerFixture();
  const [processId, stopping] = [uuidv7(), new AbortController()];
  const registry = createProcessRegistry(db, processId, 'test');
  await registry.beat();
  const ledger = createClaimLedger(
    { db, processId, relay: () => undefined, wait: { signal: stopping.signal } },
    { queue: 'order-sync.erp', destination: 'erp', sendsNewest: false, sendsMessages: false },
  );
  return {
    // A killed process is gone when the next claim is made, so the only process of the test counts as alive again.
    ledger: {
      ...ledger,
      claim: async (request) => {
        const result = await ledger.claim(request);
        await registry.beat();
        return result;
      },
    },
    insert: async ({ name = 'sync-order', payload, attemptsUsed = 0, crashes = 0, dueInMs = 0 } = {}) => {
      const id = uuidv7();
      await db.query(
        `insert into jobs (id, name, queue, priority, payload, state, run_at, order_id, destination, version, attempts_used, crashes)
         values ($1, $2, 'order-sync.erp', 3, $3, 'runnable', now() + make_interval(secs => $4 / 1000.0), $5, 'erp', 1, $6, $7)`,
        [
          id,
          name,
          JSON.stringify(payload ?? { destination: 'erp', orderId: id, version: 1 }),
          dueInMs,
          id,
          attemptsUsed,
          crashes,
        ],
      );
      return id;
    },
    read: async (id) => {
      const [row] = await db.query<never>(
        `select state, wait_reason as "waitReason", outcome, error_code as "errorCode", fingerprint,
           attempts_used as "attemptsUsed", tries, crashes, extract(epoch from run_at - now())::float8 * 1000 as "dueInMs"
         from jobs where id = $1`,
        [id],
      );
      return row!;
    },
    attempts: (id) =>
      db.query('select number, outcome, used_attempt as "usedAttempt" from attempts where job_id = $1 order by number', [id]),
    killClaimant: () => registry.leave(),
    close: async () => {
      stopping.abort();
      await close();
    },
  };
});
