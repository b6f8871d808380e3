import type { JobPolicy } from '@orderly/contracts';
import { isAppError, PermanentError, RetryableError, ShutdownError } from '@orderly/errors';
import {
  classifyFailure,
  isAmbiguous,
  type ClaimedJob,
  type ClaimRequest,
  type DueJob,
  type HandlerResult,
  type Ledger,
  type Settlement,
  type SoloGate,
  type Verdict,
} from '@orderly/jobs';
import { inSpan, markSpanFailed, traceIdOf, currentTraceContext, withLogContext, type Logger } from '@orderly/observability';
import type { Span } from '@opentelemetry/api';
import { v7 as uuidv7 } from 'uuid';
import { attemptLog } from './attempt-log';
import type { BoundJob } from './bind-job';
import { startDeadline, withinGrace } from './deadline';
import { disposalOf, isHandedBack, turnAway, type Disposal } from './disposal';
import type { Heartbeat } from './heartbeat';
import { boundJob, outcomeUnknown, policyOf, whyHopeless } from './job-rules';
import type { LiveClaim, LiveClaims } from './live-claims';
import { reportAttempt } from './report-attempt';
import { settleAttempt } from './settle-attempt';
import { settleUnclaimed } from './settle-unclaimed';

/** What running the jobs of one queue needs. */
export interface JobRunner {
  readonly queue: string;
  readonly ledger: Ledger;
  /** Handlers by job name. A job without a handler becomes a dead letter `unknown-job`. */
  readonly jobs: Readonly<Record<string, BoundJob>>;
  readonly gate: SoloGate;
  readonly claims: LiveClaims;
  /** Aborted when the process stops and its running jobs must be handed back. */
  readonly stop: AbortSignal;
  /** While it is not fresh, this process must not act, because another one may take over its claims. */
  readonly heartbeat: Pick<Heartbeat, 'signal' | 'isFresh'>;
  /** The verdict's effect on the lane or the message. It is settled in the same transaction. */
  readonly afterwards?: (verdict: Verdict) => Pick<Settlement, 'laneStep' | 'message'>;
  readonly logger: Logger;
}

/** Average time until a suspect asks again if another one runs alone, in ms. */
const suspectRestMs = 1000;

/**
 * The life of a job, top to bottom: claim → span → timeout → parse → handle → classify → settle → clean up → report.
 *
 * @returns what BullMQ must do with the delivery
 * @throws the ledger's error if the claim or its settlement could not be written
 */
export async function runJob(jobId: string, runner: JobRunner): Promise<Disposal> {
  const token = uuidv7();
  const claim = runner.claims.enter(token);
  try {
    return await runClaimed({ jobId, token }, claim, runner);
  } finally {
    runner.claims.leave(token);
  }
}

async function runClaimed(request: Required<ClaimRequest>, live: LiveClaim, runner: JobRunner): Promise<Disposal> {
  // Before the claim: a claimed job would count a crash if the suspect that it waits for takes the process down.
  const leave = await runner.gate.enter();
  const startedAt = new Date();
  let suspect: ClaimedJob;
  try {
    const claim = await runner.ledger.claim(request);
    if (claim.kind === 'refused') {
      return await settleUnclaimed({ jobId: request.jobId, startedAt, failure: claim.error }, runner);
    }
    if (claim.kind !== 'claimed') return turnAway(request.jobId, claim, runner);
    if (!isSuspect(claim.job, runner)) return await attemptTraced(claim.job, live, runner);
    suspect = claim.job;
  } finally {
    leave();
  }
  return runAlone(suspect, live, runner);
}

/** A job that ran in a process that died. It, or a job beside it, was the cause; it runs alone to find out which. */
const isSuspect = (job: ClaimedJob, runner: JobRunner): boolean =>
  job.crashes > 0 && whyHopeless(job, policyOf(job.name, runner.jobs)) === undefined;

async function runAlone(job: ClaimedJob, live: LiveClaim, runner: JobRunner): Promise<Disposal> {
  const entering = runner.gate.enterAlone();
  // Waiting here would occupy a slot, and would count a crash if the suspect before it takes the process down.
  if (!entering) return handBack(job, suspectRestMs * (0.5 + Math.random()), runner);
  const leave = await entering;
  try {
    return await attemptTraced(job, live, runner);
  } finally {
    leave();
  }
}

/** Gives up a claim before the handler was called. Uses no attempt. */
async function handBack(job: ClaimedJob, delayMs: number, { ledger, afterwards }: JobRunner): Promise<Disposal> {
  const verdict = { kind: 'again', delayMs, usesAttempt: false, waitReason: 'handed-back' } as const;
  await ledger.settle({ job, verdict, ...afterwards?.(verdict) });
  return { kind: 'later', delayMs };
}

async function attemptTraced(job: ClaimedJob, live: LiveClaim, runner: JobRunner): Promise<Disposal> {
  const context = {
    jobId: job.id,
    queue: job.queue,
    attempt: job.attemptsUsed + 1,
    ...(job.orderId === null ? {} : { orderId: job.orderId }),
  };
  return withLogContext(context, () =>
    inSpan(`process ${job.queue}`, spanOptions(job), (span) => attemptJob(job, live, span, runner)),
  );
}

async function attemptJob(job: ClaimedJob, live: LiveClaim, span: Span, runner: JobRunner): Promise<Disposal> {
  const startedAt = new Date();
  const traceId = traceIdOf(currentTraceContext()?.traceparent);
  const bound = boundJob(job.name, runner.jobs);
  const policy = policyOf(job.name, runner.jobs);
  const hopeless = whyHopeless(job, policy);
  const deadline = startDeadline(policy.timeoutMs, [runner.stop, runner.heartbeat.signal()]);

  let result: HandlerResult | undefined;
  let failure: unknown;
  let verdict: Verdict;
  try {
    if (hopeless) throw hopeless;
    if (!bound) throw new PermanentError('unknown-job', `The queue ${job.queue} has no handler for jobs named ${job.name}`);
    deadline.signal.throwIfAborted();
    const work = bound.run(job, deadline.signal, () => beginEffect(live, deadline.signal, runner));
    result = await withinGrace(work, deadline.signal, () => silenceOf(job, policy, live.hasBegun, deadline.signal));
    verdict = verdictOf(result);
  } catch (error) {
    failure = failureOf(error, deadline.signal);
    verdict = classifyFailure(failure, job, policy);
    if (!isHandedBack(verdict)) markSpanFailed(span, failure);
  } finally {
    deadline.clear();
  }

  const isRefused = hopeless !== undefined;
  const attempt = attemptLog({ job, startedAt, verdict, failure, isRefused, result, traceId });
  const leavesDoubt = live.hasBegun && failure !== undefined && (isAmbiguous(failure) || failure === deadline.signal.reason);
  const settlement: Settlement = { job, verdict, attempt, leavesDoubt, ...afterwardsOf(verdict, result, runner) };
  const settled = await settleAttempt(settlement, live, policy, runner);
  reportAttempt({ job, startedAt, failure, ...settled }, runner.logger);
  return settled.settled ? disposalOf(settled.verdict) : { kind: 'finished' };
}

type TracedJob = Pick<DueJob, 'id' | 'name' | 'queue' | 'orderId' | 'attemptsUsed' | 'waitMs' | 'traceparent' | 'tracestate'>;

/** The span of an attempt: it continues the trace of the event, so that a trace leads from the request to its effects. */
export const spanOptions = (job: TracedJob): Parameters<typeof inSpan>[1] => ({
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

/**
 * The last chance to prevent the effect. It reads the clock, because a timer may be late: after the event loop stood still,
 * an answer that has arrived continues before any timer runs.
 *
 * @throws the signal's reason, or ShutdownError if the heartbeat is too old
 */
function beginEffect(live: LiveClaim, signal: AbortSignal, { heartbeat }: JobRunner): void {
  signal.throwIfAborted();
  if (!heartbeat.isFresh()) throw new ShutdownError('The heartbeat could not be renewed in time');
  live.hasBegun = true;
}

/** The error of a handler that did not end after its signal was aborted. Its effect may still be on the way. */
const silenceOf = (job: ClaimedJob, policy: JobPolicy, hasBegun: boolean, signal: AbortSignal): Error =>
  policy.whenLost === 'unknown' && hasBegun
    ? outcomeUnknown(job, 'The handler did not end in time, and its effect may have taken place')
    : openAfter(signal.reason as Error, hasBegun);

/** After the effect has begun, a timeout does not show whether it took place. */
const openAfter = (reason: Error, hasBegun: boolean): Error =>
  hasBegun && reason instanceof RetryableError
    ? new RetryableError(reason.code, reason.message, { details: { ambiguous: true } })
    : reason;

/** Replaces a foreign error after an abort by the abort's reason: the abort caused the error, and its reason says more. */
export const failureOf = (error: unknown, signal: AbortSignal): unknown =>
  signal.aborted && !isAppError(error) ? (signal.reason as unknown) : (error ?? new Error('The handler threw nothing'));

const verdictOf = (result: HandlerResult): Verdict =>
  result.kind === 'done'
    ? { kind: 'ended', outcome: 'done', resultVersion: result.resultVersion }
    : { kind: 'ended', outcome: result.outcome, reason: result.reason };

function afterwardsOf(verdict: Verdict, result: HandlerResult | undefined, runner: JobRunner) {
  const message = result?.message;
  return { ...runner.afterwards?.(verdict), ...(message ? { message } : {}) };
}
