import type { JobPolicy } from '@orderly/contracts';
import { classifyFailure, type ClaimedJob, type Ledger, type Settlement, type SettleResult, type Verdict } from '@orderly/jobs';
import type { Logger } from '@orderly/observability';
import { outcomeOf } from './attempt-log';

/**
 * Settles an attempt. Where the ledger cannot take it, such as for an answer that no text column holds, it is settled without
 * any text: what took place stays true. Where it cannot take that either, the attempt has failed: a job must not stay running
 * for ever.
 */
export async function settleAttempt(
  settlement: Settlement,
  policy: JobPolicy,
  { ledger, logger, stopSignals, afterwards }: Settler,
): Promise<SettleResult & { readonly verdict: Verdict }> {
  const { job, verdict } = settlement;
  const onRefused = (error: unknown): void => {
    // The ledger did not refuse it: nobody waits for its servers any longer.
    if (stopSignals().some(({ aborted }) => aborted)) throw error;
    logger.error({ err: error }, 'A settlement was refused by the ledger');
  };
  try {
    return { ...(await ledger.settle(settlement)), verdict };
  } catch (error) {
    onRefused(error);
  }
  const bare = withoutTexts(settlement);
  try {
    return { ...(await ledger.settle(bare)), verdict };
  } catch (error) {
    onRefused(error);
  }
  const failed = classifyFailure(new Error('the ledger refused the settlement'), job, policy);
  const attempt = { ...bare.attempt, outcome: outcomeOf(failed), usedAttempt: true, errorCode: 'job-failed' };
  return { ...(await ledger.settle({ job, verdict: failed, attempt, ...afterwards?.(failed, job) })), verdict: failed };
}

interface Settler {
  readonly ledger: Ledger;
  readonly logger: Logger;
  readonly stopSignals: () => readonly AbortSignal[];
  readonly afterwards?: (verdict: Verdict, job: ClaimedJob) => Pick<Settlement, 'laneStep' | 'message'>;
}

function withoutTexts({ job, verdict, attempt, laneStep, message }: Settlement): Settlement {
  const { startedAt, outcome, usedAttempt, errorClass, errorCode, versionSent, responseStatus, traceId } = attempt;
  return {
    job,
    verdict: verdictWithoutText(verdict),
    attempt: { startedAt, outcome, usedAttempt, errorClass, errorCode, versionSent, responseStatus, traceId },
    laneStep,
    ...(message ? { message: { state: message.state } } : {}),
  };
}

function verdictWithoutText(verdict: Verdict): Verdict {
  if (verdict.kind === 'dead') return { ...verdict, message: verdict.code };
  return verdict.kind === 'ended' ? { ...verdict, reason: undefined } : verdict;
}
