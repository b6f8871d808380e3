import { ShutdownError } from '@orderly/errors';
import { liveness } from '@orderly/jobs';
import { createHeartbeat } from './heartbeat';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

function setup() {
  const answers = { current: (): Promise<void> => Promise.resolve() };
  const missed: unknown[] = [];
  let beats = 0;
  const registry = {
    beat: () => {
      beats += 1;
      return answers.current();
    },
    leave: jest.fn(async () => undefined),
  };
  const heartbeat = createHeartbeat(registry, (error) => missed.push(error));
  return { answers, missed, registry, heartbeat, beats: () => beats };
}

const away = (): Promise<void> => Promise.reject(new Error('PostgreSQL is away'));

describe('the limits of a heartbeat', () => {
  it('make a process stop acting before another may take over, with room for a beat on both sides', () => {
    expect(liveness.beatMs * 2).toBeLessThanOrEqual(liveness.fenceMs);
    expect(liveness.fenceMs + liveness.beatMs).toBeLessThan(liveness.staleMs);
  });
});

describe('the heartbeat', () => {
  it('is renewed every second, and stays fresh', async () => {
    const { heartbeat, beats } = setup();
    await heartbeat.start();
    await jest.advanceTimersByTimeAsync(10_000);
    expect(beats()).toBe(11);
    expect(heartbeat.isFresh()).toBe(true);
    expect(heartbeat.signal().aborted).toBe(false);
    await heartbeat.stop();
  });

  it('aborts the signal when it could not be renewed in time, and not before', async () => {
    const { answers, missed, heartbeat } = setup();
    await heartbeat.start();
    const signal = heartbeat.signal();
    answers.current = away;
    await jest.advanceTimersByTimeAsync(liveness.fenceMs - 100);
    expect(signal.aborted).toBe(false);
    await jest.advanceTimersByTimeAsync(100 + liveness.beatMs);
    expect(signal.aborted).toBe(true);
    expect(signal.reason).toBeInstanceOf(ShutdownError);
    expect(heartbeat.isFresh()).toBe(false);
    expect(missed.length).toBeGreaterThanOrEqual(3);
    await heartbeat.stop();
  });

  it('counts from the moment a beat was sent, so a late answer renews nothing', async () => {
    const { answers, heartbeat } = setup();
    await heartbeat.start();
    const answer = Promise.withResolvers<void>();
    answers.current = () => answer.promise;
    await jest.advanceTimersByTimeAsync(2 * liveness.fenceMs);
    answer.resolve();
    await jest.advanceTimersByTimeAsync(0);
    expect(heartbeat.signal().aborted).toBe(true);
    expect(heartbeat.isFresh()).toBe(false);
    await heartbeat.stop();
  });

  it('creates a new signal once it can be renewed again', async () => {
    const { answers, heartbeat } = setup();
    await heartbeat.start();
    const old = heartbeat.signal();
    answers.current = away;
    await jest.advanceTimersByTimeAsync(10_000);
    answers.current = () => Promise.resolve();
    await jest.advanceTimersByTimeAsync(2 * liveness.beatMs);
    expect(old.aborted).toBe(true);
    expect(heartbeat.signal().aborted).toBe(false);
    expect(heartbeat.isFresh()).toBe(true);
    await heartbeat.stop();
  });

  it('gives up its claims when it stops, and leaves no timer behind', async () => {
    const { registry, heartbeat } = setup();
    await heartbeat.start();
    await heartbeat.stop();
    await heartbeat.stop();
    expect(registry.leave).toHaveBeenCalledTimes(1);
    expect(jest.getTimerCount()).toBe(0);
  });
});
