import { retryConfig } from '@orderly/contracts';
import { backoffMs } from './backoff';

const { jitter, maxDelay } = retryConfig.backoff;

describe('the time before the next attempt', () => {
  it.each([
    [1, 2000],
    [2, 4000],
    [3, 8000],
    [4, 16_000],
  ])('after %i used attempts is %i ms, give or take the jitter', (attemptsUsed, plannedMs) => {
    expect(backoffMs(attemptsUsed, retryConfig, 0.5)).toBe(plannedMs);
    expect(backoffMs(attemptsUsed, retryConfig, 0)).toBe(plannedMs * (1 - jitter));
    expect(backoffMs(attemptsUsed, retryConfig, 1)).toBe(plannedMs * (1 + jitter));
    for (let round = 0; round < 200; round += 1) {
      const delayMs = backoffMs(attemptsUsed, retryConfig);
      expect(delayMs).toBeGreaterThanOrEqual(plannedMs * (1 - jitter));
      expect(delayMs).toBeLessThanOrEqual(plannedMs * (1 + jitter));
    }
  });

  it('never exceeds the longest delay', () => {
    expect(backoffMs(6, retryConfig, 0.5)).toBe(maxDelay);
    expect(backoffMs(1000, retryConfig, 0.5)).toBe(maxDelay);
  });
});
