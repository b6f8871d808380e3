import { done, liveness } from '@orderly/jobs';
import { eventually } from '@orderly/testing';
import { stat } from 'node:fs';
import { createWorkerFixture, type WorkerFixture } from '../src/testing';
import { buildErpWorker, insertJobs, readJobs } from './erp-worker';

let fixture: WorkerFixture;
beforeAll(async () => void (fixture = await createWorkerFixture()));
afterAll(() => fixture.close());

const finished = { state: 'ended', outcome: 'done', wait_reason: null, attempts_used: 1, crashes: 0 };

describe('a claim of a living process that nobody in the process works on', () => {
  it('is given up, and the job runs: no attempt is used or logged', async () => {
    const worker = await fixture.run(buildErpWorker(fixture.env, async () => done({ resultVersion: 1 })));
    const [id = ''] = await insertJobs(fixture, 1, { inRedis: false });
    // Imitates a committed claim whose answer was lost.
    await fixture.db.query(
      `update jobs set state = 'running', claim_token = gen_random_uuid(), claimed_by = $2, claimed_at = now(), tries = 1 where id = $1`,
      [id, worker.processId],
    );
    await eventually(async () => expect(await readJobs(fixture, [id])).toEqual([finished]), { timeoutMs: 20_000 });
    expect(await fixture.attempts(id)).toMatchObject([{ number: 2, outcome: 'done', used_attempt: true }]);
    await worker.stop();
  }, 30_000);
});

describe('a process whose event loop stood still for longer than its heartbeat may be old', () => {
  it('sends nothing, even if its code continues before any timer', async () => {
    const effects: string[] = [];
    const refusals: unknown[] = [];
    let isFirst = true;
    const worker = await fixture.run(
      buildErpWorker(fixture.env, async ({ job, effectBegins }) => {
        if (isFirst) {
          isFirst = false;
          await standStill();
        }
        try {
          effectBegins();
        } catch (error) {
          refusals.push(error);
          throw error;
        }
        effects.push(job.id);
        return done({ resultVersion: 1 });
      }),
    );
    const ids = await insertJobs(fixture, 1);
    await eventually(async () => expect(await readJobs(fixture, ids)).toEqual([finished]), { timeoutMs: 20_000 });
    expect(refusals).toEqual([expect.objectContaining({ name: 'ShutdownError' })]);
    expect(effects).toEqual(ids);
    expect(await fixture.attempts(ids[0]!)).toMatchObject([
      { outcome: 'handed-back', used_attempt: false },
      { outcome: 'done', used_attempt: true },
    ]);
    await worker.stop();
  }, 40_000);
});

/** Blocks the event loop inside the callback of an answer, and resolves there: no timer runs in between. */
const standStill = (): Promise<void> =>
  new Promise((resolve) => {
    stat(__filename, () => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, liveness.fenceMs + 200);
      resolve();
    });
  });
