import { createDatabase } from '@orderly/database';
import { done, liveness } from '@orderly/jobs';
import { startTcpProxy, stopTcpProxies, type TcpProxy } from '@orderly/queue/testing';
import { eventually } from '@orderly/testing';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, insertJobs, readJobs } from './erp-worker';

let fixture: WorkerFixture;
beforeAll(async () => void (fixture = await createWorkerFixture()));
afterEach(() => stopTcpProxies());
afterAll(() => fixture.close());

/** Jobs that wait in their handler until the test releases them. */
function setup(env: Readonly<Record<string, string | undefined>>) {
  const effects: string[] = [];
  const signals: AbortSignal[] = [];
  const gate = Promise.withResolvers<void>();
  const worker = buildErpWorker(env, async ({ job, signal }) => {
    signals.push(signal);
    const aborted = new Promise<never>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    await Promise.race([gate.promise, aborted]);
    signal.throwIfAborted();
    effects.push(job.id);
    return done({ resultVersion: 1 });
  });
  return { effects, signals, worker, finish: gate.resolve };
}

const allDone = async (ids: readonly string[], timeoutMs = 20_000): Promise<void> =>
  eventually(
    async () => {
      expect(await readJobs(fixture, ids)).toEqual(
        ids.map(() => ({ state: 'ended', outcome: 'done', wait_reason: null, attempts_used: 1, crashes: 0 })),
      );
    },
    { timeoutMs, intervalMs: 50 },
  );

const readiness = async (admin: { address(): URL }): Promise<number> => (await fetch(new URL('/readyz', admin.address()))).status;

describe.each(['DATABASE_URL', 'REDIS_URL'] as const)('while the server of %s is away', (variable) => {
  let proxy: TcpProxy;

  it('no job fails: running jobs end, the others continue when it is back, each with one effect and one attempt', async () => {
    proxy = await startTcpProxy(fixture.env[variable] ?? '');
    const { effects, signals, worker, finish } = setup({ ...fixture.env, [variable]: proxy.url });
    await fixture.run(worker);
    const ids = await insertJobs(fixture, 15);
    await eventually(() => expect(signals).toHaveLength(10));
    await proxy.cut();
    finish();
    await eventually(() => expect(effects).toHaveLength(10));
    expect(
      (await readJobs(fixture, ids)).filter(({ attempts_used, outcome }) => attempts_used > 0 && outcome !== 'done'),
    ).toEqual([]);
    await proxy.restore();
    await allDone(ids);
    expect([...effects].sort()).toEqual(ids);
    await eventually(async () => expect(await readiness(worker.admin)).toBe(200));
    await worker.stop();
  });
});

describe('a process that cannot renew its heartbeat', () => {
  it('stops acting before another may consider it dead, and continues after a renewal', async () => {
    const { effects, signals, worker, finish } = setup(fixture.env);
    await fixture.run(worker);
    const ids = await insertJobs(fixture, 3);
    await eventually(() => expect(signals).toHaveLength(3));

    const lock = createDatabase({ url: fixture.env['DATABASE_URL'] ?? '', poolSize: 1, applicationName: 'test-lock' });
    const release = Promise.withResolvers<void>();
    const isLocked = Promise.withResolvers<number>();
    const locking = lock.transaction(async (query) => {
      await query('set local idle_in_transaction_session_timeout = 0');
      await query('select from processes where id = $1 for update', [worker.processId]);
      isLocked.resolve(Date.now());
      await release.promise;
    });
    const lockedAt = await isLocked.promise;
    await eventually(() => expect(signals.every(({ aborted }) => aborted)).toBe(true));
    expect(Date.now() - lockedAt).toBeLessThan(liveness.staleMs);
    finish();
    await eventually(async () => {
      for (const job of await readJobs(fixture, ids)) expect(job).toMatchObject({ wait_reason: 'handed-back', attempts_used: 0 });
    });
    expect(effects).toEqual([]);
    expect(await readiness(worker.admin)).toBe(503);

    release.resolve();
    await locking;
    await lock.close();
    await allDone(ids);
    expect([...effects].sort()).toEqual(ids);
    await worker.stop();
  });

  it('recovers if the connection of its heartbeat has silently died', async () => {
    const proxy = await startTcpProxy(fixture.env['DATABASE_URL'] ?? '');
    const { worker } = setup({ ...fixture.env, DATABASE_URL: proxy.url });
    await fixture.run(worker);
    await eventually(async () => expect(await readiness(worker.admin)).toBe(200));
    proxy.freeze();
    await eventually(async () => expect(await readiness(worker.admin)).toBe(503));
    proxy.forget();
    await eventually(async () => expect(await readiness(worker.admin)).toBe(200));
    await worker.stop();
  });
});
