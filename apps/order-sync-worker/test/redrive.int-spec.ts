import { countLetters, startRedrive, type RedriveRequest } from '@orderly/ledger';
import { testActor } from '@orderly/ledger/testing';
import { testRedisUrl, eventually } from '@orderly/testing';
import { bundleWorker, created, moved, type WorkerBundle } from '@orderly/worker-process/testing';
import { Redis } from 'ioredis';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let bundle: WorkerBundle;
let sync: SyncSetup;
const folder = mkdtempSync(join(tmpdir(), 'orderly-redrive-'));

beforeAll(async () => {
  bundle = await bundleWorker('order-sync-worker');
});
afterEach(() => sync.close());
afterAll(async () => {
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

const start = (request: Partial<RedriveRequest> = {}): Promise<string> =>
  sync.db.transaction(async (query) => {
    const { filter = { destination: 'erp' } } = request;
    const matched = await countLetters(query, filter);
    return startRedrive(query, { filter, perSecond: 500, first: null, actor: testActor, traceId: null, ...request }, matched);
  });

const progressOf = async (id: string) =>
  (await sync.db.query<{ state: string; sent: number }>('select state, sent from operations where id = $1', [id]))[0]!;

/** Orders whose first version the partner refused. */
async function dieAll(orderIds: readonly string[]): Promise<void> {
  sync.partner.behave(() => status(422, {}, '{"error": "not today"}'));
  await sync.apply(orderIds.map((orderId) => created(orderId)));
  for (const orderId of orderIds) await sync.ended(orderId, 1, 'dead');
  sync.partner.behave(() => undefined);
  sync.partner.requests.length = 0;
}

it('a redrive survives kill -9 of its process and the loss of all Redis keys, and each letter is sent once', async () => {
  sync = await setUp({ mode: 'every-event' });
  const first = await sync.startWorker();
  const orderIds = Array.from({ length: 60 }, (_, index) => `order-${index}`);
  await dieAll(orderIds);
  await sync.stop(first);

  const file = join(folder, 'destinations.yaml');
  writeFileSync(file, sync.file);
  const id = await start({ perSecond: 20 });
  const child = bundle.start({ ...sync.env, ORDERLY_DESTINATIONS_FILE: file });
  await eventually(async () => expect((await progressOf(id)).sent).toBeGreaterThan(5));
  await child.kill();
  const redis = new Redis(testRedisUrl());
  for await (const keys of redis.scanStream({ match: `${sync.env.ORDERLY_QUEUE_PREFIX}:*` })) {
    if ((keys as string[]).length > 0) await redis.del(...(keys as string[]));
  }
  redis.disconnect();
  expect((await progressOf(id)).state).toBe('running');

  await sync.startWorker();
  for (const orderId of orderIds) await sync.ended(orderId, 1, 'done');
  expect(await progressOf(id)).toEqual({ state: 'done', sent: 60 });
  // A request that was under way when the process died is sent again under its own key.
  for (const orderId of orderIds) expect(new Set(sync.partner.about(orderId).map(({ key }) => key)).size).toBe(1);
});

it('a redriven head goes first, and the versions behind it follow in order', async () => {
  sync = await setUp({ mode: 'every-event' });
  await sync.startWorker();
  await dieAll(['A']);
  await sync.apply([moved('A', 'confirmed'), moved('A', 'shipped')]);
  expect(await sync.job('A', 3)).toMatchObject({ state: 'blocked' });
  await start();
  await sync.ended('A', 3, 'done');
  expect(sync.partner.about('A').map(({ version }) => version)).toEqual([1, 2, 3]);
});

it('a refused letter is sent under a new key, because the partner may remember its refusal', async () => {
  sync = await setUp({ mode: 'every-event' });
  const refused = new Set<string | undefined>();
  await sync.startWorker();
  sync.partner.behave(({ key }) => (refused.size === 0 || refused.has(key) ? (refused.add(key), status(422)) : undefined));
  await sync.apply([created('A')]);
  await sync.ended('A', 1, 'dead');
  await start();
  await sync.ended('A', 1, 'done');
});

it('a worker that starts with a changed onDeadHead frees the blocked lanes', async () => {
  sync = await setUp({ mode: 'every-event', onDeadHead: 'block' });
  const worker = await sync.startWorker();
  await dieAll(['A']);
  await sync.apply([moved('A', 'confirmed'), moved('A', 'shipped')]);
  await sync.stop(worker);
  await sync.startWorker({ onDeadHead: 'supersede' });
  await sync.ended('A', 3, 'done');
  expect(await sync.job('A', 2)).toMatchObject({ outcome: 'superseded' });
  expect(await sync.job('A', 1)).toMatchObject({ outcome: 'dead' });
});
