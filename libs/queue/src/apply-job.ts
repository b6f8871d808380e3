import type { JobPolicy } from '@orderly/contracts';
import { DeferredError, errorCodes, isAppError, PermanentError, ShutdownError, type ErrorCode } from '@orderly/errors';
import type { ApplyJob, ApplyResult, DeliveredJob } from '@orderly/jobs';
import { markSpanFailed, metrics, openSpan, traceIdOf, type OpenSpan } from '@orderly/observability';
import { startDeadline, withinGrace } from './deadline';
import { turnAway, type Disposal } from './disposal';
import { measureAttempt } from './report-attempt';
import { failureOf, spanOptions, type JobRunner } from './run-job';
import { settleUnclaimed } from './settle-unclaimed';

/** How to run jobs whose effect is in PostgreSQL alone. The transaction that does such a job's work also ends the job. */
export interface AppliedJob {
  readonly policy: JobPolicy;
  readonly apply: ApplyJob;
}

/** Facts about a delivery while it is applied. */
interface Attempt {
  readonly startedAt: Date;
  /** Undefined until the job is found and may run. */
  job?: DeliveredJob;
  open?: OpenSpan;
}

/**
 * The life of a job that needs no claim: timeout → apply → report. Only a failure has to be settled.
 *
 * @param jobId - the delivery's id; the ledger may have no such job, or may have ended it already
 * @returns what BullMQ must do with the delivery
 */
export async function applyJob(jobId: string, { policy, apply }: AppliedJob, runner: JobRunner): Promise<Disposal> {
  const attempt: Attempt = { startedAt: new Date() };
  const begin = (job: DeliveredJob): OpenSpan['place'] => {
    attempt.job = job;
    attempt.open ??= openSpan(`process ${runner.queue}`, spanOptions({ ...job, queue: runner.queue }), attempt.startedAt);
    return attempt.open.place;
  };
  const deadline = startDeadline(policy.timeoutMs, [runner.stop, runner.heartbeat.signal()]);
  try {
    deadline.signal.throwIfAborted();
    const work = apply({ jobId, begin });
    const result = await withinGrace(work, deadline.signal, () => deadline.signal.reason as Error);
    if (result.kind === 'refused') throw new PermanentError(result.code, errorCodes[result.code]);
    return reportApplied(jobId, result, attempt, runner);
  } catch (error) {
    return await settleFailure(jobId, applyFailure(error, deadline.signal), attempt, runner);
  } finally {
    deadline.clear();
    attempt.open?.span.end();
  }
}

function reportApplied(
  jobId: string,
  result: Exclude<ApplyResult, { kind: 'refused' }>,
  { startedAt, job, open }: Attempt,
  runner: JobRunner,
): Disposal {
  const measured = job && { ...job, queue: runner.queue };
  switch (result.kind) {
    case 'held':
    case 'later':
    case 'missing':
    case 'idle':
      return turnAway(jobId, result, runner);
    case 'parked':
      if (measured) measureAttempt(measured, 'parked', 'none', startedAt);
      // BullMQ forgets it: the order's next change tries it again, or the sweep adds it at its deadline.
      return { kind: 'finished' };
    case 'ended': {
      const { outcome, code } = result;
      if (measured) measureAttempt(measured, outcome, code ?? 'none', startedAt);
      if (outcome === 'dead') {
        metrics.deadLetters.add({ job: job?.name ?? '', code: code ?? 'job-failed' });
        if (open) markSpanFailed(open.span, new PermanentError((code ?? 'job-failed') as ErrorCode, 'Ended as a dead letter'));
      }
      return { kind: 'finished' };
    }
  }
}

/** The work of such a job is to wait for PostgreSQL, so its time limit says that PostgreSQL is slow. */
function applyFailure(error: unknown, signal: AbortSignal): unknown {
  const failure = error instanceof DeferredError && signal.aborted ? (signal.reason as unknown) : failureOf(error, signal);
  const isLate = isAppError(failure) && failure.code === 'job-timeout';
  return isLate ? new DeferredError('job-timeout', failure.message, { cause: failure }) : failure;
}

/** Settles a job whose transaction was rolled back. It has changed nothing, so a retry is always safe. */
async function settleFailure(
  jobId: string,
  failure: unknown,
  { startedAt, open }: Attempt,
  runner: JobRunner,
): Promise<Disposal> {
  // There is no claim to give back.
  if (failure instanceof ShutdownError) return { kind: 'handed-back' };
  if (open) markSpanFailed(open.span, failure);
  return settleUnclaimed({ jobId, startedAt, failure, traceId: traceIdOf(open?.place?.traceparent) }, runner);
}
