import { eventually } from '@orderly/testing';
import { bundleWorker, created, type WorkerBundle } from '@orderly/worker-process/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silence } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

const fast = Array.from({ length: 9 }, (_, index) => `fast-${index}`);
const lostOrders = Array.from({ length: 5 }, (_, index) => `lost-${index}`);
const newOrders = Array.from({ length: 5 }, (_, index) => `new-${index}`);
const folder = mkdtempSync(join(tmpdir(), 'orderly-crash-neighbours-'));
let bundle: WorkerBundle;
let sync: SyncSetup;

beforeAll(async () => {
  bundle = await bundleWorker('order-sync-worker');
  // The slow one answers nothing for as long as the test lasts.
  sync = await setUp(...['slow', ...fast].map((name) => ({ name, timeoutMs: 29_000 })));
}, 60_000);
afterAll(async () => {
  await sync.close();
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

describe('a worker that is killed with 50 jobs in flight to ten destinations, one of them slow', () => {
  it('delays no unrelated destination: lost and new jobs of the others end while the slow one has not answered', async () => {
    const file = join(folder, 'destinations.yaml');
    writeFileSync(file, sync.file);
    sync.partner.behave(() => silence);
    const child = bundle.start({ ...sync.env, ORDERLY_DESTINATIONS_FILE: file });
    await sync.apply(lostOrders.map((orderId) => created(orderId)));
    await eventually(() => expect(sync.partner.requests).toHaveLength(50), { timeoutMs: 20_000 });
    await child.kill();

    sync.partner.behave(({ destination }) => (destination === 'slow' ? silence : undefined));
    await sync.startWorker();
    await sync.apply(newOrders.map((orderId) => created(orderId)));
    const open = () =>
      sync.db.query(`select order_id from jobs where destination like 'fast-%' and state <> 'ended' group by order_id`);
    await eventually(async () => expect(await open()).toEqual([]), { timeoutMs: 28_000, intervalMs: 200 });

    const slow = await sync.db.query(`select from jobs where destination = 'slow' and state = 'ended'`);
    expect(slow).toEqual([]);
    const outcomes = await sync.db.query(
      `select outcome, count(*)::int, max(attempts_used) as attempts from jobs where destination like 'fast-%' group by outcome`,
    );
    expect(outcomes).toEqual([{ outcome: 'done', count: 90, attempts: 1 }]);
    // Of a lost job there is the lost try and the one that was made of it, however often it had to wait for its turn.
    const attempts = await sync.db.query(
      `select a.outcome, count(*)::int from attempts a join jobs j on j.id = a.job_id
       where j.destination like 'fast-%' and j.order_id like 'lost-%' group by a.outcome order by a.outcome`,
    );
    expect(attempts).toEqual([
      { outcome: 'done', count: 45 },
      { outcome: 'lost', count: 45 },
    ]);
  }, 80_000);
});
