import type { RetryConfig } from '@orderly/contracts';

/**
 * Time before the next attempt in ms: `delay × multiplier^(attemptsUsed − 1)`, moved by up to `jitter` either way.
 *
 * @param attemptsUsed - attempts used so far, the failed one included: 1 after the first
 * @param random - in [0, 1)
 */
export function backoffMs(attemptsUsed: number, { backoff }: RetryConfig, random: number = Math.random()): number {
  const planned = Math.min(backoff.delay * backoff.multiplier ** (attemptsUsed - 1), backoff.maxDelay);
  return Math.round(planned * (1 + backoff.jitter * (2 * random - 1)));
}
