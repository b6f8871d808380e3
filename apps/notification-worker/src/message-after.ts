import type { MessageUpdate, Verdict } from '@orderly/jobs';
import type { MessageState } from '@orderly/messaging';

/** The state of a message after an attempt whose result names none. */
export function messageAfter(verdict: Verdict): (MessageUpdate & { readonly state: MessageState }) | undefined {
  if (verdict.kind === 'again') return { state: 'queued', reason: verdict.waitReason };
  if (verdict.kind === 'dead') return { state: 'undelivered', reason: verdict.code };
  return verdict.outcome === 'unknown' ? { state: 'unknown', reason: verdict.reason } : undefined;
}
