import type { JobPolicy } from '@orderly/contracts';
import { classifyFailure, type Ledger, type Settlement, type SettleResult, type Verdict } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { outcomeOf } from './attempt-log';
import { outcomeUnknown } from './job-rules';
import type { LiveClaim } from './live-claims';

export interface Settler {
  readonly ledger: Ledger;
  readonly logger: Logger;
  /** Aborted when the process stops: from then on nobody waits for its servers. */
  readonly stop: AbortSignal;
  readonly afterwards?: (verdict: Verdict, job: Settlement['job']) => Pick<Settlement, 'laneStep' | 'message'>;
}

/** Pauses between the tries of a settlement that the ledger refuses, in ms: half a minute in all, which outlasts a busy spell. */
const pausesMs = [0, 0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000];

/**
 * Settles an attempt, with the claim held, until the ledger takes it. Every second try is written without any text: the ledger
 * may refuse an answer that no text column can hold, and what took place stays true.
 *
 * If the ledger goes on refusing, an effect that took place ends `unknown`: it is never tried again because its record failed.
 * Where no effect took place the attempt has failed. If even that is refused, it is left to whoever keeps the process's claims.
 * When the process stops, the claim is left as it is, and the next process finds it lost.
 *
 * @throws what the ledger refused it with, if the claim is left unsettled
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
      settler.logger.error({ err: error }, 'The ledger refused a settlement; it is tried again');
    }
  }
  claim.lastResort = lastResortOf(bare, policy, settler);
  return settle(claim.lastResort);
}

function lastResortOf(bare: Settlement, policy: JobPolicy, { afterwards }: Settler): Settlement {
  const { job, verdict, attempt } = bare;
  // A job without a token has its effect in PostgreSQL alone, in the transaction that was refused.
  const tookPlace =
    verdict.kind === 'ended' && (verdict.outcome === 'done' || verdict.outcome === 'unknown') && job.token !== null;
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
    ...afterwards?.(failed, job),
  };
}

/** Ends early when the process stops. */
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
