import { setTimeout as pause } from 'node:timers/promises';

/**
 * Calls `probe` until it succeeds.
 * @throws Error of the last failure when `timeoutMs` have passed, or of `gaveUp` as soon as that says why waiting is in vain.
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
