import { DelayedError, RateLimitError, WaitingError, type Job } from 'bullmq';
import type { Disposal } from './disposal';

/**
 * Tells BullMQ how to proceed with a delivery. Only this file knows BullMQ's error classes. When they are thrown, BullMQ does
 * not count an attempt. A move fails if the job's lock is gone, because Redis was flushed or another process took the job over.
 * Then there is nothing to move, and the sweep adds the job when it is due.
 *
 * @param token - BullMQ's lock token of this delivery
 * @param hold - keeps all workers of the queue from fetching for `forMs`
 * @param onLost - called with the error of a failed move or hold
 * @throws DelayedError, WaitingError or RateLimitError, which BullMQ expects after a move
 */
export async function dispose(
  job: Job,
  token: string | undefined,
  disposal: Disposal,
  hold: (forMs: number) => Promise<void>,
  onLost: (error: unknown) => void,
): Promise<void> {
  switch (disposal.kind) {
    case 'finished':
      return;
    case 'later':
      if (disposal.holdMs !== undefined) await hold(disposal.holdMs).catch(onLost);
      await job.moveToDelayed(Date.now() + Math.max(disposal.delayMs, 1), token).catch(onLost);
      throw new DelayedError();
    case 'handed-back':
      await job.moveToWait(token).catch(onLost);
      throw new WaitingError();
    case 'held':
      await hold(disposal.delayMs).catch(onLost);
      throw new RateLimitError();
  }
}
