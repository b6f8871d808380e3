import { isAppError } from '@orderly/errors';
import type { AttemptLog, ClaimedJob, DueJob, HandlerResult, Verdict } from '@orderly/jobs';

/** Facts about an attempt that has ended. */
export interface AttemptFacts {
  readonly job: ClaimedJob | DueJob;
  readonly startedAt: Date;
  readonly verdict: Verdict;
  /** The error of the attempt; undefined if it succeeded. */
  readonly failure: unknown;
  /** True if the handler was not called because no attempt could help. Such a try uses no attempt. */
  readonly isRefused: boolean;
  readonly result: HandlerResult | undefined;
  readonly traceId: string | undefined;
}

/** Words the ledger's row of an attempt. An attempt that is tried again counts only if its verdict says so. */
export function attemptLog({ job, startedAt, verdict, failure, isRefused, result, traceId }: AttemptFacts): AttemptLog {
  const error = failure === undefined ? undefined : { ...errorFacts(failure) };
  const intent = 'intentVersion' in job ? job.intentVersion : null;
  return {
    startedAt,
    outcome: outcomeOf(verdict),
    usedAttempt: !isRefused && (verdict.kind === 'again' ? verdict.usesAttempt : true),
    traceId,
    ...(job.destination === null || intent === null ? {} : { versionSent: intent }),
    ...error,
    ...(result?.kind === 'done' ? result.log : {}),
  };
}

/** Errors of partners carry the status and an excerpt of the answer in `details`, under the same names as the attempt log. */
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

/** Names an attempt's outcome for the ledger and the metrics. For a job that will be tried again it is the reason to wait. */
export const outcomeOf = (verdict: Verdict): string =>
  verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : verdict.waitReason;
