import { DelayedError, RateLimitError, WaitingError, type Job } from 'bullmq';
import type { Disposal } from './run-job';

/**
 * Tells BullMQ what becomes of a delivery. The only file that knows BullMQ's error classes: thrown, they leave its own attempt
 * count alone. The moves fail where the job's lock is gone (Redis was flushed, or another process took the job over); then
 * there is nothing to move, and the sweep finds what is due.
 *
 * @param hold keeps the whole queue from being fetched for so long
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
