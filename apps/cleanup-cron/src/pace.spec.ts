import { startPace, type Probe } from './pace';

const quick: Probe = async () => undefined;
const { signal } = new AbortController();

let clockMs = 0;
beforeEach(() => jest.spyOn(performance, 'now').mockImplementation(() => clockMs));
afterEach(() => jest.restoreAllMocks());

/** A server whose round trips take the given times in ms. They alone move the clock, and the last time repeats. */
function serverOf(...timesMs: number[]): Probe {
  return async () => {
    clockMs += timesMs.length > 1 ? timesMs.shift()! : timesMs[0]!;
  };
}

describe('the pace of a task', () => {
  it('lets the task continue while the servers answer as fast as before', async () => {
    const pace = await startPace({ postgresql: quick, redis: quick }, signal, { pauseMs: 0 });
    for (let step = 0; step < 20; step += 1) expect(await pace.pause()).toBe(true);
  });

  it('stops the task after the fifth strained step in a row, and not after the fourth', async () => {
    const pace = await startPace({ postgresql: serverOf(0, 60) }, signal, { pauseMs: 0 });
    const steps = [];
    for (let step = 0; step < 5; step += 1) steps.push(await pace.pause());
    expect(steps).toEqual([true, true, true, true, false]);
  });

  it('starts to count again when the servers have recovered', async () => {
    const pace = await startPace({ postgresql: serverOf(0, 60, 60, 60, 60, 0, 60, 60, 60, 60, 0) }, signal, { pauseMs: 0 });
    for (let step = 0; step < 10; step += 1) expect(await pace.pause()).toBe(true);
  });

  it('counts a server that goes away as strained, and ignores one that was away before', async () => {
    let isAway = false;
    const flaky: Probe = async () => {
      if (isAway) throw new Error('away');
    };
    const lost = await startPace({ postgresql: quick, redis: flaky }, signal, { pauseMs: 0 });
    isAway = true;
    const never = await startPace({ postgresql: quick, redis: flaky }, signal, { pauseMs: 0 });
    for (let step = 0; step < 4; step += 1) await lost.pause();
    expect(await lost.pause()).toBe(false);
    for (let step = 0; step < 10; step += 1) expect(await never.pause()).toBe(true);
  });

  it('stops the task when its time is used up', async () => {
    const pace = await startPace({ postgresql: serverOf(0, 5) }, signal, { pauseMs: 0, budgetMs: 4 });
    expect(await pace.pause()).toBe(false);
  });

  it('ends a pause with the reason when the task is aborted', async () => {
    const controller = new AbortController();
    const pace = await startPace({ postgresql: quick }, controller.signal, { pauseMs: 3_600_000 });
    const resting = pace.pause();
    controller.abort(new Error('the process is stopping'));
    await expect(resting).rejects.toThrow('the process is stopping');
    await expect(pace.pause()).rejects.toThrow('the process is stopping');
  });

  it('records the latency before and after the task, and the worst between its steps', async () => {
    const pace = await startPace({ postgresql: serverOf(1, 30, 10, 5) }, signal, { pauseMs: 0 });
    await pace.pause();
    await pace.pause();
    const { before, during, after } = await pace.latency();
    expect(before.postgresqlMs).toBeLessThan(during!.postgresqlMs!);
    expect(during?.postgresqlMs).toBeGreaterThanOrEqual(30);
    expect(after.postgresqlMs).toBeGreaterThanOrEqual(5);
    expect(during?.redisMs).toBeNull();
  });
});
