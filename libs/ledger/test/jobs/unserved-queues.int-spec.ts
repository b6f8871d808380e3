import { readUnservedQueues } from '../../src/index';
import { addJobs, createLedgerDatabase, killProcess, newSyncJob, startProcess, type LedgerDatabase } from '../../src/testing';

// Promise 6: a person can find every job. A job in an unserved queue would otherwise stay runnable unnoticed.

let ledger: LedgerDatabase;
beforeAll(async () => void (ledger = await createLedgerDatabase()));
afterAll(() => ledger.close());

it('unserved queues are those with open jobs and no living process, and their jobs are counted', async () => {
  const { db } = ledger;
  const add = (destination: string, count: number): Promise<string[]> =>
    addJobs(
      db,
      Array.from({ length: count }, (_, index) => newSyncJob({ destination, orderId: `${destination}-${index}` })),
    );
  const works = (id: string, destination: string) =>
    db.query('update processes set queues = $2 where id = $1', [id, [`order-sync.${destination}`]]);
  await add('never-served', 5);
  await add('served', 3);
  await works(await startProcess(db), 'served');
  await add('abandoned', 2);
  const dead = await startProcess(db);
  await works(dead, 'abandoned');
  await killProcess(db, dead);
  const ended = await add('ended', 1);
  await db.query(`update jobs set state = 'ended', outcome = 'done', ended_at = now() where id = any($1::uuid[])`, [ended]);

  expect(await readUnservedQueues(db)).toEqual([
    { queue: 'order-sync.abandoned', openJobs: 2 },
    { queue: 'order-sync.never-served', openJobs: 5 },
  ]);
});
