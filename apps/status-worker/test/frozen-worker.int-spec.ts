import { eventually } from '@orderly/testing';
import { bundleWorker, created, moved, type WorkerBundle, type WorkerChild } from '@orderly/worker-process/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setUp, type StatusSetup } from './status-setup';

const folder = mkdtempSync(join(tmpdir(), 'orderly-frozen-worker-'));
const others = Array.from({ length: 20 }, (_, index) => `other-${index}`);
let bundle: WorkerBundle;
let status: StatusSetup;

beforeAll(async () => {
  [bundle, status] = await Promise.all([bundleWorker('status-worker'), setUp()]);
}, 60_000);
afterAll(async () => {
  await bundle.remove();
  await status.close();
  rmSync(folder, { recursive: true });
});

/** Starts a process whose sessions at PostgreSQL have this name. */
function start(name: string): WorkerChild {
  const file = join(folder, 'destinations.yaml');
  writeFileSync(
    file,
    JSON.stringify({ destinations: [{ name: 'erp', mode: 'every-event', request: { url: 'https://erp.example/{orderId}' } }] }),
  );
  const url = new URL(status.env['DATABASE_URL']!);
  url.searchParams.set('application_name', name);
  return bundle.start({ ...status.env, DATABASE_URL: url.href, ORDERLY_DESTINATIONS_FILE: file });
}

/** The sessions of the two processes that are in this state. */
const sessions = async (condition: string): Promise<string[]> => {
  const rows = await status.db.query<{ name: string }>(
    `select application_name as name from pg_stat_activity
     where datname = current_database() and application_name in ('first', 'second') and ${condition}`,
  );
  return rows.map(({ name }) => name);
};

const ended = (eventIds: readonly string[]) =>
  Promise.all(eventIds.map((id) => status.ended(id, 'done'))).then((jobs) => jobs.map((job) => job.attempts_used));

/**
 * Freezes the process that applies an event to this order, after it has locked the order's row. The test keeps the next lock
 * that it needs, and gives it up when the process stands still.
 */
async function freezeAtWork(orderId: string, workers: ReadonlyMap<string, WorkerChild>): Promise<[string, string]> {
  return status.db.transaction(async (query) => {
    await query('set local idle_in_transaction_session_timeout = 0');
    await query('select from lanes where order_id = $1 for update', [orderId]);
    const [eventId = ''] = await status.accept([moved(orderId, 'confirmed')]);
    const name = await eventually(async () => {
      const [waiting] = await sessions(`wait_event_type = 'Lock'`);
      expect(waiting).toBeDefined();
      return waiting!;
    });
    workers.get(name)!.freeze();
    return [name, eventId];
  });
}

// Promises 4 and 7: a process that stands still keeps nothing for ever, and does nothing again when it goes on.
it('a worker that is frozen with an order locked keeps the other from nothing, loses the lock, and repeats nothing', async () => {
  const workers = new Map(['first', 'second'].map((name) => [name, start(name)]));
  await eventually(async () => expect(new Set(await sessions('true')).size).toBe(2));
  await ended(await status.accept([created('frozen'), ...others.map((orderId) => created(orderId))]));

  const [name, stuck] = await freezeAtWork('frozen', workers);
  const [frozen, other] = [workers.get(name)!, [...workers].find(([known]) => known !== name)![1]];
  await eventually(async () => expect(await sessions(`state = 'idle in transaction'`)).toEqual([name]));
  const meanwhile = await status.accept([...others.map((orderId) => moved(orderId, 'confirmed')), moved('frozen', 'shipped')]);
  // One attempt each, although one event was being applied when its worker froze.
  expect(new Set(await ended([stuck, ...meanwhile]))).toEqual(new Set([1]));

  frozen.thaw();
  await other.kill();
  // Nobody else is left to do this.
  expect(await ended(await status.accept([moved('frozen', 'delivered')]))).toEqual([1]);
  expect((await status.history('frozen')).map(({ version, to_status }) => [version, to_status])).toEqual([
    [1, 'pending'],
    [2, 'confirmed'],
    [3, 'shipped'],
    [4, 'delivered'],
  ]);
  const counts = await status.db.query(
    `select (select count(*)::int from order_changes) as changes,
       (select count(*)::int from jobs where destination = 'erp') as syncs,
       (select count(*)::int from attempts) as attempts,
       (select array_agg(kind order by kind) from messages where order_id = 'frozen') as messages`,
  );
  const changes = 4 + 2 * others.length;
  expect(counts).toEqual([{ changes, syncs: changes, attempts: changes, messages: ['created', 'delivered', 'shipped'] }]);
}, 120_000);
