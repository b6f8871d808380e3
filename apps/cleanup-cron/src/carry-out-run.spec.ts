import { RetryableError, ShutdownError } from '@orderly/errors';
import { carryOutRun, type CarryOutDeps } from './carry-out-run';
import type { CleanupTask } from './handlers/tasks';

function setup({ isDone = false, isAway = false } = {}) {
  const written: unknown[][] = [];
  const write =
    (what: string) =>
    async (...values: unknown[]): Promise<void> => {
      if (isAway) throw new Error('connection refused');
      written.push([what, ...values]);
    };
  const deps: CarryOutDeps = {
    runs: { begin: async () => !isDone, finish: write('done'), fail: write('failed'), release: write('released') },
    probes: { postgresql: async () => undefined },
    signal: new AbortController().signal,
    databaseUrl: 'postgres://nobody@127.0.0.1:1/none',
  };
  return { deps, written };
}

const task: CleanupTask = async () => ({ rows: 3, bytes: 120, isComplete: true, ...{ apiKeys: 3 } });
const failing =
  (error: Error): CleanupTask =>
  async () => {
    throw error;
  };

describe('carrying out a run', () => {
  it('records the result, duration and latency of the task, and returns a summary', async () => {
    const { deps, written } = setup();
    const summary = await carryOutRun('run', task, deps);
    const latency = { postgresqlMs: expect.any(Number), redisMs: null };
    const detail = {
      apiKeys: 3,
      isComplete: true,
      durationMs: expect.any(Number),
      latency: { before: latency, during: latency, after: latency },
    };
    expect(written).toEqual([['done', 'run', { rows: 3, bytes: 120, detail }]]);
    expect(summary).toMatchObject({ rows: 3, bytes: 120, isComplete: true, facts: { apiKeys: 3 } });
  });

  it('does nothing for a run that is already done', async () => {
    const { deps, written } = setup({ isDone: true });
    let hasRun = false;
    const watched: CleanupTask = async (...given) => {
      hasRun = true;
      return task(...given);
    };
    expect(await carryOutRun('run', watched, deps)).toBeUndefined();
    expect(hasRun).toBe(false);
    expect(written).toEqual([]);
  });

  it('records a failure with its code and rethrows it', async () => {
    const { deps, written } = setup();
    const timeout = new RetryableError('job-timeout', 'too slow');
    await expect(carryOutRun('run', failing(timeout), deps)).rejects.toBe(timeout);
    expect(written).toEqual([['failed', 'run', expect.objectContaining({ code: 'job-timeout', error: 'too slow' })]]);
  });

  it('releases a run when the process stops, without marking it as failed', async () => {
    const { deps, written } = setup();
    await expect(carryOutRun('run', failing(new ShutdownError()), deps)).rejects.toThrow(ShutdownError);
    expect(written).toEqual([['released', 'run']]);
  });

  it('rethrows the failure of the task if it cannot be recorded', async () => {
    const { deps } = setup({ isAway: true });
    await expect(carryOutRun('run', failing(new Error('disk full')), deps)).rejects.toThrow('disk full');
  });
});
