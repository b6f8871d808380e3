import { eventually } from '@orderly/testing';
import { bundleWorker, created, type WorkerBundle } from '@orderly/worker-process/testing';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silence, status } from './partner';
import { setUp, type SyncSetup } from './sync-setup';

let bundle: WorkerBundle;
let sync: SyncSetup;
const folder = mkdtempSync(join(tmpdir(), 'orderly-crash-'));

beforeAll(async () => {
  bundle = await bundleWorker('order-sync-worker');
  sync = await setUp(
    { name: 'with-key' },
    { name: 'with-lookup', idempotency: { mode: 'lookup', url: '{partner}/with-lookup/{orderId}', versionPointer: '/version' } },
    { name: 'with-nothing', idempotency: { mode: 'none' } },
  );
  const file = join(folder, 'destinations.yaml');
  writeFileSync(file, sync.file);

  // Every destination has received its request and has not answered when the process is killed.
  sync.partner.behave(() => silence);
  const child = bundle.start({ ...sync.env, ORDERLY_DESTINATIONS_FILE: file });
  await sync.apply([created('A')]);
  await eventually(() => expect(sync.partner.requests).toHaveLength(3));
  await child.kill();
  await sync.apply([created('B')]);

  sync.partner.behave(({ method }) => (method === 'GET' ? status(200, {}, '{"version": 1}') : undefined));
  await sync.startWorker();
});
afterAll(async () => {
  await sync.close();
  await bundle.remove();
  rmSync(folder, { recursive: true });
});

const requestsTo = (destination: string) => sync.partner.about('A').filter((request) => request.destination === destination);
const endedAfterCrash = (destination: string, outcome: string, attemptsUsed = 1) =>
  eventually(async () => {
    const job = await sync.job('A', 1, destination);
    expect(job).toMatchObject({ state: 'ended', outcome, crashes: 1, attempts_used: attemptsUsed });
    return job;
  });

describe('a process that is killed while a request is in flight', () => {
  it('is replaced by another, which sends identical bytes under the same key in mode key', async () => {
    const job = await endedAfterCrash('with-key', 'done');
    expect(await sync.attempts(job.id)).toMatchObject([
      { number: 1, outcome: 'lost', used_attempt: false, version_sent: 1 },
      { outcome: 'done', used_attempt: true, version_sent: 1 },
    ]);
    const [first, second] = requestsTo('with-key');
    expect(requestsTo('with-key')).toHaveLength(2);
    expect(second).toMatchObject({ key: first!.key, bodyHash: first!.bodyHash });
  });

  it('is replaced by another, which asks the destination first in mode lookup and does not resend', async () => {
    const job = await endedAfterCrash('with-lookup', 'done');
    expect((await sync.attempts(job.id))[1]).toMatchObject({ outcome: 'done', confirmation_id: 'lookup' });
    expect(requestsTo('with-lookup').map(({ method }) => method)).toEqual(['PUT', 'GET']);
  });

  it('leaves its job unknown in mode none, and the lane is held', async () => {
    const job = await endedAfterCrash('with-nothing', 'unknown', 0);
    expect(job.error_code).toBe('destination-outcome-unknown');
    expect(requestsTo('with-nothing')).toHaveLength(1);
    const lanes = await sync.db.query(
      `select destination, blocked_by from lanes where order_id = 'A' and blocked_by is not null`,
    );
    expect(lanes).toEqual([{ destination: 'with-nothing', blocked_by: job.id }]);
  });

  it('does not delay orders that arrived after the crash', async () => {
    for (const destination of ['with-key', 'with-lookup', 'with-nothing']) {
      await eventually(async () => expect(await sync.job('B', 1, destination)).toMatchObject({ state: 'ended' }));
    }
  });
});
