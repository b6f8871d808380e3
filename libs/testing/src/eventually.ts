import { setTimeout as pause } from 'node:timers/promises';

/**
 * Repeats an assertion until it holds, and returns its value. For conditions that become true at an unknown time.
 *
 * @param timeoutMs - ends a test that would fail anyway. It is long, because a busy machine may be ten times slower.
 * @throws the last error of the assertion after `timeoutMs`
 */
export async function eventually<T>(
  assertion: () => T | Promise<T>,
  { timeoutMs = 60_000, intervalMs = 20 }: { timeoutMs?: number; intervalMs?: number } = {},
): Promise<T> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= end) throw error;
    }
    await pause(intervalMs);
  }
}
