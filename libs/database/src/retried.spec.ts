import { retried } from './retried';

const fault = (code: string) => Object.assign(new Error(code), { code });

/** Work that fails with these errors in turn, and then succeeds. */
function failing(...errors: readonly unknown[]) {
  const left = [...errors];
  const state = { tries: 0 };
  const work = async (): Promise<string> => {
    state.tries += 1;
    if (left.length > 0) throw left.shift();
    return 'done';
  };
  return { work, state };
}
const times = (count: number, code: string): Error[] => Array.from({ length: count }, () => fault(code));

describe('a statement that fails', () => {
  it.each(['40001', '40P01', '55P03', '57014', '53200'])('with %s is run four times, and then fails with it', async (code) => {
    const passing = failing(...times(3, code));
    expect(await retried(passing.work)).toBe('done');
    const lasting = failing(...times(4, code));
    await expect(retried(lasting.work)).rejects.toThrow(code);
    expect(lasting.state.tries).toBe(4);
  });

  it.each(['57014', '53200', '25P04'])('with %s is not repeated if the caller splits it', async (code) => {
    const { work, state } = failing(fault(code));
    await expect(retried(work, { splits: true })).rejects.toThrow(code);
    expect(state.tries).toBe(1);
  });

  it.each(['23505', '22P02', '42601', 'P0001', 'no code'])('with %s is not repeated', async (code) => {
    const { work, state } = failing(fault(code));
    await expect(retried(work)).rejects.toThrow(code);
    expect(state.tries).toBe(1);
  });

  it.each(['57P01', 'ECONNREFUSED', '25006', '53300', '28P01'])(
    'with %s is not repeated for a caller that cannot wait',
    async (code) => {
      const { work, state } = failing(fault(code));
      await expect(retried(work)).rejects.toThrow(code);
      expect(state.tries).toBe(1);
    },
  );

  it.each(['57P01', '25006', '53100', '42P01'])('with %s is repeated until it succeeds for a caller that waits', async (code) => {
    const { work } = failing(...times(2, code));
    const changes: boolean[] = [];
    const reasons: unknown[] = [];
    const wait = {
      signal: new AbortController().signal,
      onChange: (isAway: boolean) => void changes.push(isAway),
      onWait: (error: unknown) => void reasons.push(error),
    };
    expect(await retried(work, { wait })).toBe('done');
    expect(changes).toEqual([true, false]);
    expect(reasons).toEqual(times(2, code));
  });

  it('is repeated a bounded number of times for a fault that may pass, even if the caller waits for the server', async () => {
    const { work, state } = failing(fault('57P01'), ...times(4, '40001'));
    const wait = { signal: new AbortController().signal };
    await expect(retried(work, { wait })).rejects.toThrow('40001');
    expect(state.tries).toBe(5);
  });

  it('is not repeated once the process stops, and fails with the error of the server', async () => {
    const stop = new AbortController();
    const { work } = failing(...times(100, '57P01'));
    const waiting = retried(work, { wait: { signal: stop.signal, onWait: () => stop.abort() } });
    await expect(waiting).rejects.toThrow('57P01');
  });
});
