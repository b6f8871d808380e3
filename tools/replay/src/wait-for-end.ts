import { setTimeout as pause } from 'node:timers/promises';
import type { Gateway } from './gateway';
import type { BatchStatistics } from './gateway-answers';

export type WaitOptions = {
  gateway: Gateway;
  interrupted: AbortSignal;
  onLook: (statistics: BatchStatistics) => void;
};

const minPauseMs = 200;
/** Counting a large batch costs the ledger time, so the pause is a multiple of the duration of the last count. */
const pausesPerLook = 8;
const maxPauseMs = 5_000;
/** In ms. A job of another batch may still block a job. It counts as stuck if nothing changes for this time. */
const blockedForMs = 3_000;

/** Waits until no job of the batch is runnable, running or retrying. It does not wait for parked jobs. */
export async function waitForEnd({ gateway, interrupted, onLook }: WaitOptions): Promise<BatchStatistics> {
  let blocked = 0;
  let blockedSince = 0;
  for (;;) {
    const startedAt = performance.now();
    const statistics = await gateway.readStatistics();
    onLook(statistics);
    const now = performance.now();
    if (statistics.open > 0 || statistics.blocked !== blocked) {
      blocked = statistics.blocked;
      blockedSince = now;
    }
    if (statistics.open === 0 && (blocked === 0 || now - blockedSince >= blockedForMs)) return statistics;
    await pause(Math.min(maxPauseMs, Math.max(minPauseMs, (now - startedAt) * pausesPerLook)), undefined, {
      signal: interrupted,
    });
  }
}
