import type { NotDue, Verdict } from '@orderly/jobs';
import { metrics, type Logger } from '@orderly/observability';

/** What BullMQ must do with a delivery at its end. */
export type Disposal =
  /** Forget the job. */
  | { readonly kind: 'finished' }
  /** Deliver the job again after `delayMs`. With `holdMs`, no job of the queue is delivered for that time. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly holdMs?: number }
  /** Deliver the job again at once, to another process. */
  | { readonly kind: 'handed-back' }
  /** Keep the whole queue waiting for `delayMs`, including this job. */
  | { readonly kind: 'held'; readonly delayMs: number };

/** Translates a settled verdict for BullMQ. */
export function disposalOf(verdict: Verdict): Disposal {
  if (verdict.kind !== 'again') return { kind: 'finished' };
  if (isHandedBack(verdict)) return { kind: 'handed-back' };
  return { kind: 'later', delayMs: verdict.delayMs, ...(verdict.hold ? { holdMs: verdict.hold.forMs } : {}) };
}

export const isHandedBack = (verdict: Verdict): boolean => verdict.kind === 'again' && verdict.waitReason === 'handed-back';

/** Ends a delivery whose job must not run now. */
export function turnAway(jobId: string, why: NotDue, { queue, logger }: { queue: string; logger: Logger }): Disposal {
  if (why.kind === 'held') return why;
  if (why.kind === 'later') return why;
  if (why.kind === 'missing') logger.warn({ jobId, queue }, 'Dropped a delivery whose id is not in the ledger');
  metrics.jobsDropped.add({ queue, reason: why.kind });
  return { kind: 'finished' };
}
