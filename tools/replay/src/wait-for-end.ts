import { setTimeout as pause } from 'node:timers/promises';
import type { Gateway } from './gateway';
import type { BatchStatistics } from './gateway-answers';

export type WaitOptions = {
  gateway: Gateway;
  interrupted: AbortSignal;
  onLook: (statistics: BatchStatistics) => void;
};

const minPauseMs = 200;
/** Counting a large batch takes the ledger some time: it is left in peace for several times as long. */
const pausesPerLook = 8;
const maxPauseMs = 5_000;
/** A job may be blocked by one of another batch that still runs: it is believed to be stuck when nothing moves for so long. */
const blockedForMs = 3_000;

/** Waits until no job of the batch is runnable, running or retrying. Parked ones are left to their deadline. */
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
