import { findJobDefinition, retryConfig, type JobPolicy } from '@orderly/contracts';
import { AppError, isAppError, PermanentError, RetryableError, UnknownOutcomeError } from '@orderly/errors';
import {
  classifyFailure,
  type AttemptLog,
  type ClaimedJob,
  type ClaimResult,
  type HandlerResult,
  type Ledger,
  type Settlement,
  type SoloGate,
  type Verdict,
} from '@orderly/jobs';
import {
  inSpan,
  markSpanFailed,
  metrics,
  traceIdOf,
  currentTraceContext,
  withLogContext,
  type Logger,
} from '@orderly/observability';
import type { Span } from '@opentelemetry/api';
import type { BoundJob } from './bind-job';

export interface JobRunner {
  readonly queue: string;
  readonly ledger: Ledger;
  /** By job name. */
  readonly jobs: Readonly<Record<string, BoundJob>>;
  readonly gate: SoloGate;
  /** Aborted when this process may no longer act: it stops, or its heartbeat was missed. */
  readonly stopSignals: () => readonly AbortSignal[];
  /** What else a verdict means here: the lane's next step, the message's state. */
  readonly afterwards?: (verdict: Verdict, job: ClaimedJob) => Pick<Settlement, 'laneStep' | 'message'>;
  readonly logger: Logger;
}

/** What becomes of the delivery: the engine's part of the end of an attempt. */
export type Disposal =
  /** Nothing more is to be done: the engine forgets the job. */
  | { readonly kind: 'finished' }
  /** To be delivered again after so long; with `holdMs` the queue's other jobs wait as well. */
  | { readonly kind: 'later'; readonly delayMs: number; readonly holdMs?: number }
  /** To be delivered again at once, to another process. */
  | { readonly kind: 'handed-back' }
  /** The queue is held: this job and all behind it wait. */
  | { readonly kind: 'held'; readonly delayMs: number };

/** A job that took its process down this often is not run again. */
const maxCrashes = 3;

/** How long a handler may go on after its signal was aborted before the runtime stops waiting for it, in ms. */
const abortGraceMs = 5000;

/** The life of a job, top to bottom: claim → span → timeout → parse → handle → classify → settle → clean up → report. */
export async function runJob(jobId: string, runner: JobRunner): Promise<Disposal> {
  const claim = await runner.ledger.claim({ jobId });
  if (claim.kind !== 'claimed') return turnAway(claim, runner.queue);
  const { job } = claim;

  const leave = await runner.gate.enter(job.crashes > 0);
  try {
    const context = {
      jobId,
      queue: job.queue,
      attempt: job.attemptsUsed + 1,
      ...(job.orderId === null ? {} : { orderId: job.orderId }),
    };
    return await withLogContext(context, () =>
      inSpan(`process ${job.queue}`, spanOptions(job), (span) => attemptJob(job, span, runner)),
    );
  } finally {
    leave();
  }
}

async function attemptJob(job: ClaimedJob, span: Span, runner: JobRunner): Promise<Disposal> {
  const startedAt = new Date();
  const traceId = traceIdOf(currentTraceContext()?.traceparent);
  const bound = runner.jobs[job.name];
  const policy = bound?.definition.policy ?? policyOf(job.name);
  const deadline = startDeadline(policy.timeoutMs, runner.stopSignals());

  let result: HandlerResult | undefined;
  let failure: unknown;
  let verdict: Verdict;
  try {
    refuseHopeless(job, policy);
    if (!bound) throw new PermanentError('unknown-job', `Nobody handles jobs named ${job.name} in ${job.queue}`);
    deadline.signal.throwIfAborted();
    result = await withinGrace(bound.run(job, deadline.signal), deadline.signal);
    if (result.kind === 'settled') return reportSettled(job, result, startedAt);
    verdict = verdictOf(result);
  } catch (error) {
    failure = error;
    verdict = classifyFailure(error, job, policy);
    markSpanFailed(span, error);
  } finally {
    deadline.clear();
  }

  const attempt = attemptLog({ job, startedAt, verdict, failure, result, traceId });
  const settlement: Settlement = { job, verdict, attempt, ...afterwardsOf(verdict, job, result, runner) };
  const { settled } = await settle(settlement, policy, runner);
  report(job, verdict, failure, startedAt, runner, settled);
  return settled ? disposalOf(verdict) : { kind: 'finished' };
}

function turnAway(claim: Exclude<ClaimResult, { kind: 'claimed' }>, queue: string): Disposal {
  if (claim.kind === 'held') return claim;
  if (claim.kind === 'later') return claim;
  metrics.jobsDropped.add({ queue, reason: claim.kind });
  return { kind: 'finished' };
}

const spanOptions = (job: ClaimedJob): Parameters<typeof inSpan>[1] => ({
  kind: 'consumer',
  parent: job.traceparent === null ? null : { traceparent: job.traceparent, tracestate: job.tracestate },
  attributes: {
    'messaging.system': 'bullmq',
    'messaging.operation.name': 'process',
    'messaging.destination.name': job.queue,
    'messaging.message.id': job.id,
    'orderly.job.name': job.name,
    'orderly.job.attempt': job.attemptsUsed + 1,
    'orderly.job.wait_ms': Math.round(job.waitMs),
    ...(job.orderId === null ? {} : { 'orderly.order.id': job.orderId }),
  },
});

/** For a job that nobody here handles: only what its dead letter needs. */
const policyOf = (name: string): JobPolicy => (findJobDefinition(name) ?? unknownJob).policy;
const unknownJob: { policy: JobPolicy } = {
  policy: { ...retryConfig, priority: 'normal', concurrency: 1, timeoutMs: 1000, whenLost: 'retry' },
};

/** Some jobs are not to be run again at all: their process died too often, or nobody can tell whether the effect took place. */
function refuseHopeless(job: ClaimedJob, policy: JobPolicy): void {
  if (job.wasLost && policy.whenLost === 'unknown') {
    throw new UnknownOutcomeError('message-outcome-unknown', 'The process died while it ran this job');
  }
  if (job.crashes >= maxCrashes)
    throw new PermanentError('job-crashed', `The process died ${job.crashes} times while it ran this job`);
}

interface Deadline {
  readonly signal: AbortSignal;
  clear(): void;
}

function startDeadline(timeoutMs: number, stopSignals: readonly AbortSignal[]): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(
    () => controller.abort(new RetryableError('job-timeout', `The handler took longer than ${timeoutMs} ms`)),
    timeoutMs,
  );
  const onStop = (event: Event): void => controller.abort((event.target as AbortSignal).reason);
  for (const signal of stopSignals) {
    if (signal.aborted) controller.abort(signal.reason);
    signal.addEventListener('abort', onStop, { once: true });
  }
  return {
    signal: controller.signal,
    clear: () => {
      clearTimeout(timer);
      for (const signal of stopSignals) signal.removeEventListener('abort', onStop);
    },
  };
}

/** A handler that does not heed its signal must not keep its slot for ever. */
async function withinGrace<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const givenUp = new Promise<never>((_resolve, reject) => {
    onAbort = () => (timer = setTimeout(() => reject(signal.reason as Error), abortGraceMs));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

const verdictOf = (result: Exclude<HandlerResult, { kind: 'settled' }>): Verdict =>
  result.kind === 'done'
    ? { kind: 'ended', outcome: 'done', resultVersion: result.resultVersion }
    : { kind: 'ended', outcome: result.outcome, reason: result.reason };

function afterwardsOf(verdict: Verdict, job: ClaimedJob, result: HandlerResult | undefined, runner: JobRunner) {
  const message = result && result.kind !== 'settled' ? result.message : undefined;
  return { ...runner.afterwards?.(verdict, job), ...(message ? { message } : {}) };
}

interface AttemptFacts {
  readonly job: ClaimedJob;
  readonly startedAt: Date;
  readonly verdict: Verdict;
  readonly failure: unknown;
  readonly result: HandlerResult | undefined;
  readonly traceId: string | undefined;
}

function attemptLog({ job, startedAt, verdict, failure, result, traceId }: AttemptFacts): AttemptLog {
  const error = failure === undefined ? undefined : { ...errorFacts(failure) };
  return {
    startedAt,
    outcome: outcomeOf(verdict),
    usedAttempt: verdict.kind === 'again' ? verdict.usesAttempt : true,
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

const outcomeOf = (verdict: Verdict): string =>
  verdict.kind === 'ended' ? verdict.outcome : verdict.kind === 'dead' ? 'dead' : verdict.waitReason;

/**
 * A settlement that the ledger cannot take, such as one with an answer that no text column holds, is settled as a failed attempt
 * without what the partner said: a job must not stay running for ever.
 */
async function settle(settlement: Settlement, policy: JobPolicy, { ledger, logger }: JobRunner): Promise<{ settled: boolean }> {
  try {
    return await ledger.settle(settlement);
  } catch (error) {
    logger.error({ err: error }, 'A settlement was refused by the ledger');
    const { job, attempt, laneStep } = settlement;
    const verdict = classifyFailure(
      error instanceof AppError ? error : new Error('the ledger refused the settlement'),
      job,
      policy,
    );
    const bare = { startedAt: attempt.startedAt, outcome: outcomeOf(verdict), usedAttempt: true, errorCode: 'job-failed' };
    return ledger.settle({ job, verdict, attempt: bare, laneStep });
  }
}

function disposalOf(verdict: Verdict): Disposal {
  if (verdict.kind !== 'again') return { kind: 'finished' };
  if (verdict.waitReason === 'handed-back') return { kind: 'handed-back' };
  return { kind: 'later', delayMs: verdict.delayMs, ...(verdict.hold ? { holdMs: verdict.hold.forMs } : {}) };
}

function reportSettled(job: ClaimedJob, result: Extract<HandlerResult, { kind: 'settled' }>, startedAt: Date): Disposal {
  const { outcome, code = 'none' } = result;
  measure(job, outcome, code, startedAt);
  if (outcome === 'dead') metrics.deadLetters.add({ job: job.name, code });
  return result.delayMs === undefined ? { kind: 'finished' } : { kind: 'later', delayMs: result.delayMs };
}

function report(
  job: ClaimedJob,
  verdict: Verdict,
  failure: unknown,
  startedAt: Date,
  { logger }: JobRunner,
  settled: boolean,
): void {
  const outcome = settled ? outcomeOf(verdict) : 'claim-lost';
  const reason = failure === undefined ? 'none' : isAppError(failure) ? failure.code : 'job-failed';
  measure(job, outcome, reason, startedAt);
  if (verdict.kind === 'dead' && settled) metrics.deadLetters.add({ job: job.name, code: verdict.code });
  if (failure === undefined && settled) logger.debug({ outcome }, 'Attempt ended');
  else logger.warn({ outcome, reason, ...(isAppError(failure) ? {} : { err: failure }) }, 'Attempt failed');
}

function measure(job: ClaimedJob, outcome: string, reason: string, startedAt: Date): void {
  metrics.jobsEnded.add({ job: job.name, queue: job.queue, outcome, reason });
  metrics.jobDuration.record((Date.now() - startedAt.getTime()) / 1000, { job: job.name, outcome });
  metrics.jobQueueWait.record(job.waitMs / 1000, { job: job.name });
}
