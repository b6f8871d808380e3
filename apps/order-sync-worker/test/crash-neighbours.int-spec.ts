import { eventually } from '@orderly/testing';
import { bundleWorker, created, type WorkerBundle } from '@orderly/worker-process/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gate, silence } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

const fast = Array.from({ length: 9 }, (_, index) => `fast-${index}`);
const lostOrders = Array.from({ length: 5 }, (_, index) => `lost-${index}`);
const newOrders = Array.from({ length: 5 }, (_, index) => `new-${index}`);
const folder = mkdtempSync(join(tmpdir(), 'orderly-crash-neighbours-'));
let bundle: WorkerBundle;
let sync: SyncSetup;

beforeAll(async () => {
  bundle = await bundleWorker('order-sync-worker');
  // Longer than the test takes: the slow one answers when the test says so.
  sync = await setUp(...['slow', ...fast].map((name) => ({ name, timeoutMs: 29_000 })));
}, 60_000);
afterAll(async () => {
  await sync.close();
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

/** The tries of the lost jobs, as the ledger has them, without those that nobody has ended. */
const triesOfLost = (destination: 'slow' | 'fast-%') =>
  sync.db.query<{ outcome: string; count: number }>(
    `select a.outcome, count(*)::int
     from jobs j join attempts a on a.job_id = j.id
     where j.destination like $1 and starts_with(j.order_id, 'lost-')
     group by a.outcome order by a.outcome`,
    [destination],
  );
const openJobs = (destination: 'slow' | 'fast-%', orders: 'lost-' | '' = '') =>
  sync.db.query(`select from jobs where destination like $1 and starts_with(order_id, $2) and state <> 'ended'`, [
    destination,
    orders,
  ]);
const crashes = (destination: 'slow' | 'fast-%') =>
  sync.db.query(
    `select distinct crashes from jobs where destination like $1 and starts_with(order_id, 'lost-') and outcome = 'done'`,
    [destination],
  );

// Promise 3: a stuck order never delays another. Here a crash makes fifty orders suspect, and five of them stay stuck.
it('retries what a killed worker had in flight without stopping unrelated destinations, and suspects no survivor', async () => {
  const file = join(folder, 'destinations.yaml');
  writeFileSync(file, sync.file);
  sync.partner.behave(() => silence);
  const child = bundle.start({ ...sync.env, ORDERLY_DESTINATIONS_FILE: file });
  await sync.apply(lostOrders.map((orderId) => created(orderId)));
  await eventually(() => expect(sync.partner.requests).toHaveLength(50));
  await child.kill();

  // The slow destination answers the second try of an order late, with a failure, and every later one at once.
  const late = gate(500);
  const toSlow = () => sync.partner.requests.filter(({ destination }) => destination === 'slow');
  sync.partner.behave(({ destination, orderId }) => {
    const tries = toSlow().filter((request) => request.orderId === orderId).length;
    return destination === 'slow' && tries <= 2 ? late.answer : undefined;
  });
  await sync.startWorker();
  // A suspect without an answer keeps nobody out for long: not even the next suspect.
  await eventually(() => expect(toSlow()).toHaveLength(lostOrders.length + 2));
  await sync.apply(newOrders.map((orderId) => created(orderId)));
  await eventually(async () => expect(await openJobs('fast-%')).toHaveLength(0));
  expect((await triesOfLost('slow')).map(({ outcome }) => outcome)).toEqual(['lost']);
  // A lost job has its lost try and the one that followed, however often it had to wait for its turn.
  expect(await triesOfLost('fast-%')).toEqual(['done', 'lost'].map((outcome) => ({ outcome, count: 45 })));

  // A try that fails has been survived, so the next one is a try like any other.
  late.open();
  await eventually(async () => expect(await openJobs('slow', 'lost-')).toHaveLength(0));
  expect(await triesOfLost('slow')).toEqual(['done', 'lost', 'retry'].map((outcome) => ({ outcome, count: 5 })));
  expect(await crashes('slow')).toEqual([{ crashes: 0 }]);
  expect(await crashes('fast-%')).toEqual([{ crashes: 1 }]);
  // Without hand-backs this test would not show that they leave no row.
  const [handBacks] = await sync.db.query<{ count: number }>(
    `select (select sum(tries) from jobs where starts_with(order_id, 'lost-') and destination is not null)::int
       - (select count(*) from attempts a join jobs j on j.id = a.job_id
          where starts_with(j.order_id, 'lost-') and j.destination is not null)::int as count`,
  );
  expect(handBacks!.count).toBeGreaterThan(0);
}, 120_000);
