import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `probe` until it succeeds.
 *
 * @param gaveUp - returns a reason as soon as further waiting is useless
 * @throws the last error after `timeoutMs`, or an Error with the reason of `gaveUp`
 */
export async function waitUntil(
  probe: () => Promise<unknown>,
  { timeoutMs, gaveUp }: { timeoutMs: number; gaveUp?: () => string | undefined },
): Promise<void> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    try {
      await probe();
      return;
    } catch (error) {
      const reason = gaveUp?.();
      if (reason !== undefined) throw new Error(reason, { cause: error });
      if (Date.now() >= end) throw error;
    }
    await pause(50);
  }
}
