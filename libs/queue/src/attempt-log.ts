import { isAppError } from '@orderly/errors';
import type { AttemptLog, ClaimedJob, HandlerResult, Verdict } from '@orderly/jobs';

/** What is known of an attempt when it has ended. */
export interface AttemptFacts {
  readonly job: ClaimedJob;
  readonly startedAt: Date;
  readonly verdict: Verdict;
  /** What the attempt failed with; undefined if it did not. */
  readonly failure: unknown;
  /** The handler was not called: there was nothing that an attempt could have done. */
  readonly isRefused: boolean;
  readonly result: HandlerResult | undefined;
  readonly traceId: string | undefined;
}

export function attemptLog({ job, startedAt, verdict, failure, isRefused, result, traceId }: AttemptFacts): AttemptLog {
  const error = failure === undefined ? undefined : { ...errorFacts(failure) };
  return {
    startedAt,
    outcome: outcomeOf(verdict),
    usedAttempt: !isRefused && (verdict.kind === 'again' ? verdict.usesAttempt : true),
    traceId,
    ...(job.destination === null || job.intentVersion === null ? {} : { versionSent: job.intentVersion }),
    ...error,
    ...(result?.kind === 'done' ? result.log : {}),
  };
}

/** An error's details carry the facts of the partner's answer under the names of the attempt log. */
function errorFacts(failure: unknown): Partial<AttemptLog> {
  if (!isAppError(failure)) {
    return {
      errorClass: failure instanceof Error ? failure.name : 'unknown',
      errorCode: 'job-failed',
      errorMessage: messageOf(failure),
    };
  }
  const { responseStatus, responseExcerpt } = failure.details as Partial<AttemptLog>;
  return {
    errorClass: failure.name,
    errorCode: failure.code,
    errorMessage: failure.message,
    responseStatus,
    responseExcerpt,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The name of an attempt's outcome, in the ledger and in metrics. */
export const outcomeOf = (verdict: Verdict): string =>
  verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : verdict.waitReason;
