import type { RunnableJob } from '@orderly/jobs';
import { createRelay } from './relay';

const job = (id: number): RunnableJob => ({ id: `job-${id}`, name: 'sync-order', queue: 'order-sync.erp', priority: 3 });
const jobs = (count: number): RunnableJob[] => Array.from({ length: count }, (_, index) => job(index));

function setup() {
  const calls: { jobs: readonly RunnableJob[]; done: () => void; fail: (error: Error) => void }[] = [];
  const failures: [unknown, number][] = [];
  const add = (added: readonly RunnableJob[]): Promise<void> =>
    new Promise((resolve, reject) => calls.push({ jobs: added, done: resolve, fail: reject }));
  const relay = createRelay({ add }, (error, count) => failures.push([error, count]));
  const turns = async (count = 3): Promise<void> => {
    for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
  };
  return { calls, failures, relay, turns };
}

describe('the relay', () => {
  it('gathers the jobs committed within one turn, and those that arrive during a round trip', async () => {
    const { calls, relay, turns } = setup();
    relay([job(1)]);
    relay([job(2), job(3)]);
    await turns();
    expect(calls.map((call) => call.jobs.length)).toEqual([3]);
    relay([job(4)]);
    relay([job(5)]);
    await turns();
    expect(calls).toHaveLength(1);
    calls[0]!.done();
    await turns();
    expect(calls.map((call) => call.jobs.map(({ id }) => id))).toEqual([
      ['job-1', 'job-2', 'job-3'],
      ['job-4', 'job-5'],
    ]);
  });

  it('does not call the engine without jobs', async () => {
    const { calls, relay, turns } = setup();
    relay([]);
    await turns();
    expect(calls).toEqual([]);
    await relay.idle();
  });

  it('never throws: it reports a failure once, and hands later jobs over', async () => {
    const { calls, failures, relay, turns } = setup();
    relay(jobs(2));
    await turns();
    const error = new Error('Redis is away');
    calls[0]!.fail(error);
    await turns();
    expect(failures).toEqual([[error, 2]]);
    relay([job(9)]);
    await turns();
    expect(calls[1]!.jobs).toEqual([job(9)]);
  });

  it('leaves jobs beyond its bound to the sweep and reports them, and continues below it', async () => {
    const { calls, failures, relay, turns } = setup();
    relay([job(0)]);
    await turns();
    for (let call = 0; call < 30; call++) relay(jobs(1000));
    expect(failures).toEqual(Array.from({ length: 9 }, (): unknown => [expect.any(Error), 1000]));
    calls[0]!.done();
    await turns();
    expect(calls[1]!.jobs).toHaveLength(21_000);
    relay([job(1)]);
    calls[1]!.done();
    await turns();
    expect(calls[2]!.jobs).toEqual([job(1)]);
  });

  it('is idle after everything was handed over or given up', async () => {
    const { calls, relay, turns } = setup();
    relay([job(1)]);
    let isIdle = false;
    const idle = relay.idle().then(() => (isIdle = true));
    await turns();
    relay([job(2)]);
    calls[0]!.done();
    await turns();
    expect(isIdle).toBe(false);
    calls[1]!.fail(new Error('Redis is away'));
    await idle;
  });

  it('keeps no job that is handed over at the moment it becomes idle', async () => {
    for (let microtasks = 0; microtasks < 12; microtasks++) {
      const { calls, relay, turns } = setup();
      relay([job(1)]);
      await turns();
      calls[0]!.done();
      for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
      relay([job(2)]);
      await turns();
      expect(calls).toHaveLength(2);
    }
  });
});
