import { eventually } from './eventually';

describe('eventually', () => {
  it('returns the value of the first try that succeeds', async () => {
    let tries = 0;
    const value = await eventually(
      () => {
        tries += 1;
        expect(tries).toBeGreaterThan(2);
        return tries;
      },
      { intervalMs: 1 },
    );
    expect(value).toBe(3);
  });

  it('throws the error of the assertion when the time is over', async () => {
    const never = eventually(() => Promise.reject(new Error('still two jobs open')), { timeoutMs: 5, intervalMs: 1 });
    await expect(never).rejects.toThrow('still two jobs open');
  });
});
