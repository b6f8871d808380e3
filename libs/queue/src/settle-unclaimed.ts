import { classifyFailure } from '@orderly/jobs';
import { traceIdOf, withLogContext } from '@orderly/observability';
import { attemptLog } from './attempt-log';
import type { BoundJob } from './bind-job';
import { disposalOf, turnAway, type Disposal } from './disposal';
import { policyOf, whyHopeless } from './job-rules';
import { reportAttempt } from './report-attempt';
import { settleAttempt, type Settler } from './settle-attempt';

/** The facts of an attempt that failed without a claim. */
export interface UnclaimedFailure {
  readonly jobId: string;
  readonly startedAt: Date;
  readonly failure: unknown;
  readonly traceId?: string;
}

/**
 * Charges a failure to a job that was not claimed: its transaction was rolled back, or the ledger refused its claim. The job is as
 * it was before the delivery. It uses an attempt, so a row that can never be claimed ends as a dead letter.
 */
export async function settleUnclaimed(
  { jobId, startedAt, failure, traceId }: UnclaimedFailure,
  settler: Settler & { readonly queue: string; readonly jobs: Readonly<Record<string, BoundJob>> },
): Promise<Disposal> {
  const { ledger, queue, jobs, logger } = settler;
  const found = await ledger.read(jobId);
  if (found.kind !== 'due') return turnAway(jobId, found, settler);
  const { job } = found;
  const policy = policyOf(job.name, jobs);
  // An earlier loss may have left the effect open, so the job may not end as if it had merely failed.
  const hopeless = whyHopeless(job, policy);
  const verdict = classifyFailure(hopeless ?? failure, job, policy);
  const attempt = attemptLog({
    job,
    startedAt,
    verdict,
    failure: hopeless ?? failure,
    isRefused: hopeless !== undefined,
    result: undefined,
    traceId: traceId ?? traceIdOf(job.traceparent),
  });
  const context = { jobId, queue, attempt: job.attemptsUsed + 1, orderId: job.orderId ?? undefined };
  return withLogContext(context, async () => {
    const settlement = { job, verdict, attempt, ...settler.afterwards?.(verdict) };
    const settled = await settleAttempt(settlement, { hasBegun: false }, policy, settler);
    reportAttempt({ job, startedAt, failure, ...settled }, logger);
    return settled.settled ? disposalOf(settled.verdict) : { kind: 'finished' };
  });
}
