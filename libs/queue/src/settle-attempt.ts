import type { JobPolicy } from '@orderly/contracts';
import { classifyFailure, type Ledger, type Settlement, type SettleResult, type Verdict } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { outcomeOf } from './attempt-log';
import { outcomeUnknown } from './job-rules';
import type { LiveClaim } from './live-claims';

/** What a settlement needs from its process. */
export interface Settler {
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** Aborted when the process stops. A refused settlement is then not tried again, so that the stop does not wait for it. */
  readonly stop: AbortSignal;
  /** The verdict's effect on the lane or the message; see {@link JobRunner.afterwards}. */
  readonly afterwards?: (verdict: Verdict) => Pick<Settlement, 'laneStep' | 'message'>;
}

/** Pauses before the tries of a settlement that the ledger refuses, in ms. Half a minute in total outlasts a busy spell. */
const pausesMs = [0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];

/**
 * Settles an attempt, and keeps the claim until the ledger accepts the settlement. Every second try leaves out all texts: a text
 * column may be unable to hold a partner's answer, and the outcome is true without it.
 *
 * If the ledger refuses every try, an effect that took place ends `unknown`: a failed record must not repeat the effect. An
 * attempt without an effect counts as failed. If the ledger refuses this last settlement too, the claim keeper writes it later.
 * If the process stops first, the claim stays as it is, and the next process finds it lost.
 *
 * @throws the ledger's error, if the claim stays unsettled
 */
export async function settleAttempt(
  settlement: Settlement,
  claim: LiveClaim,
  policy: JobPolicy,
  settler: Settler,
): Promise<SettleResult & { readonly verdict: Verdict }> {
  const settle = async (written: Settlement): Promise<SettleResult & { readonly verdict: Verdict }> => {
    const result = await settler.ledger.settle(written);
    claim.hasBegun = false;
    claim.lastResort = undefined;
    return { ...result, verdict: written.verdict };
  };
  const bare = withoutTexts(settlement);
  for (const [tries, pauseMs] of pausesMs.entries()) {
    await pause(pauseMs, settler.stop);
    try {
      return await settle(tries % 2 === 0 ? settlement : bare);
    } catch (error) {
      if (settler.stop.aborted) throw error;
      settler.logger.error({ err: error }, 'The ledger refused a settlement; trying again');
    }
  }
  claim.lastResort = lastResortOf(bare, policy, settler);
  return settle(claim.lastResort);
}

/** The settlement that is written when the ledger refuses the true one. */
function lastResortOf(bare: Settlement, policy: JobPolicy, { afterwards }: Settler): Settlement {
  const { job, verdict, attempt } = bare;
  const tookPlace = verdict.kind === 'ended' && (verdict.outcome === 'done' || verdict.outcome === 'unknown');
  const message = 'The ledger refused the settlement';
  const failure = tookPlace ? outcomeUnknown(job, message) : new Error(message);
  const failed = classifyFailure(failure, job, policy);
  return {
    job,
    verdict: failed,
    attempt: attempt && {
      ...attempt,
      outcome: outcomeOf(failed),
      usedAttempt: true,
      errorCode: tookPlace ? outcomeUnknown(job, message).code : 'job-failed',
    },
    ...afterwards?.(failed),
  };
}

/** Waits, but ends early when the process stops. */
async function pause(ms: number, stop: AbortSignal): Promise<void> {
  if (ms === 0 || stop.aborted) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  const onStop = (): void => resolve();
  stop.addEventListener('abort', onStop, { once: true });
  await promise;
  clearTimeout(timer);
  stop.removeEventListener('abort', onStop);
}

/** Keeps codes, versions and times, and drops every text that came from outside. */
function withoutTexts({ attempt, verdict, message, ...rest }: Settlement): Settlement {
  return {
    ...rest,
    verdict: verdictWithoutText(verdict),
    attempt: attempt && attemptWithoutTexts(attempt),
    ...(message ? { message: { state: message.state } } : {}),
  };
}

function attemptWithoutTexts(attempt: NonNullable<Settlement['attempt']>): NonNullable<Settlement['attempt']> {
  const { startedAt, outcome, usedAttempt, errorClass, errorCode, versionSent, responseStatus, traceId } = attempt;
  return { startedAt, outcome, usedAttempt, errorClass, errorCode, versionSent, responseStatus, traceId };
}

function verdictWithoutText(verdict: Verdict): Verdict {
  if (verdict.kind === 'dead') return { ...verdict, message: verdict.code };
  return verdict.kind === 'ended' ? { ...verdict, reason: undefined } : verdict;
}
