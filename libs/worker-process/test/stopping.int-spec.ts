import type { syncOrder } from '@orderly/contracts';
import { done, type JobHandler } from '@orderly/jobs';
import { stressStartStop } from '@orderly/runtime/testing';
import { eventually } from '@orderly/testing';
import { Worker } from 'bullmq';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, insertJobs, queue, readJobs } from './erp-worker';

let fixture: WorkerFixture;
beforeAll(async () => void (fixture = await createWorkerFixture()));
afterAll(() => fixture.close());

const untilAborted: JobHandler<typeof syncOrder> = ({ signal }) =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('a worker process that is told to stop', () => {
  it('finishes jobs that end in time and hands back the others without using an attempt, for another process', async () => {
    const { promise: finish, resolve } = Promise.withResolvers<void>();
    let calls = 0;
    const worker = buildErpWorker(fixture.env, async (context) => {
      calls += 1;
      if (calls % 2 === 0) return untilAborted(context);
      await finish;
      return done({ resultVersion: 1 });
    });
    await worker.start();
    const ids = await insertJobs(fixture, 10);
    await eventually(() => expect(calls).toBe(10));
    const stop = Promise.all([worker.stop(), worker.stop()]);
    resolve();
    await stop;
    await worker.stop();

    const jobs = await readJobs(fixture, ids);
    const handedBack = { state: 'runnable', outcome: null, wait_reason: 'handed-back', attempts_used: 0, crashes: 0 };
    const finished = { state: 'ended', outcome: 'done', wait_reason: null, attempts_used: 1, crashes: 0 };
    expect(jobs.filter(({ state }) => state === 'ended')).toEqual(Array(5).fill(finished));
    expect(jobs.filter(({ state }) => state === 'runnable')).toEqual(Array(5).fill(handedBack));

    const next = buildErpWorker(fixture.env, async () => done({ resultVersion: 1 }));
    await fixture.run(next);
    await eventually(async () => expect(await readJobs(fixture, ids)).toEqual(ids.map(() => finished)));
    await next.stop();
  });

  it('keeps the guarantees of a service, and leaves no connection and no heartbeat behind', async () => {
    await stressStartStop(() => buildErpWorker(fixture.env, async () => done()), { rounds: 3 });
    const connections = `select from pg_stat_activity where datname = current_database() and application_name like 'erp-worker%'`;
    await eventually(async () => expect(await fixture.db.query(connections)).toEqual([]));
    expect(await fixture.db.query('select from processes')).toEqual([]);
  });
});

describe('/livez', () => {
  it('reports that a worker is alive, and that it is not once its fetch loop has died', async () => {
    const status = async (worker: ReturnType<typeof buildErpWorker>): Promise<number> =>
      (await fetch(new URL('/livez', worker.admin.address()))).status;
    const worker = await fixture.run(buildErpWorker(fixture.env, async () => done()));
    expect(await status(worker)).toBe(200);
    await worker.stop();
    const loop = jest.spyOn(Worker.prototype, 'run').mockRejectedValue(new Error('the loop broke'));
    try {
      const broken = await fixture.run(buildErpWorker(fixture.env, async () => done()));
      expect(await status(broken)).toBe(503);
      await broken.stop();
    } finally {
      loop.mockRestore();
    }
    await fixture.queue(queue).obliterate({ force: true });
  });
});
