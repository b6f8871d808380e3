import { addJobs, createLedgerDatabase, newSyncJob, startProcess, type LedgerDatabase } from '@orderly/ledger/testing';
import { createLogger, metrics } from '@orderly/observability';
import { eventually } from '@orderly/testing';
import { watchUnservedQueues } from '../src/watch-unserved-queues';

let ledger: LedgerDatabase;
beforeAll(async () => void (ledger = await createLedgerDatabase()));
afterAll(() => ledger.close());

it('the log and the metrics report jobs of an unserved queue until a process serves it', async () => {
  const { db } = ledger;
  const lines: unknown[] = [];
  const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };
  const observe = jest.spyOn(metrics.queueUnservedJobs, 'observe');
  const watch = watchUnservedQueues(db, createLogger({ service: 'test', level: 'warn', destination }), 20);
  await watch.start();
  try {
    const read = observe.mock.calls[0]![0];
    await addJobs(db, [newSyncJob({ destination: 'forgotten', orderId: 'A' })]);
    const queue = 'order-sync.forgotten';
    await eventually(() => expect(lines).toMatchObject([{ level: 'warn', queues: [{ queue, openJobs: 1 }] }]));
    expect(await read()).toEqual([{ value: 1, labels: { queue } }]);
    await db.query('update processes set queues = $2 where id = $1', [await startProcess(db), [queue]]);
    await eventually(async () => expect(await read()).toEqual([]));
    expect(lines).toHaveLength(1);
  } finally {
    await watch.stop();
  }
});
