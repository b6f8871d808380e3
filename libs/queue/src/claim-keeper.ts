import { classifyFailure, type ClaimedJob, type ClaimKeeping, type Settlement } from '@orderly/jobs';
import { ShutdownError } from '@orderly/errors';
import { metrics, type Logger } from '@orderly/observability';
import { createService, type Service } from '@orderly/runtime';
import { outcomeOf } from './attempt-log';
import { outcomeUnknown, policyOf, whyHopeless } from './job-rules';
import type { LiveClaim, LiveClaims } from './live-claims';
import type { JobRunner } from './run-job';

/** Options of {@link createClaimKeeper}. */
export interface ClaimKeeperOptions {
  readonly ledger: ClaimKeeping;
  readonly claims: LiveClaims;
  /** The runners of all queues of this process. */
  readonly runners: readonly Pick<JobRunner, 'queue' | 'ledger' | 'jobs' | 'afterwards'>[];
  readonly logger: Logger;
  /** How long a stop waits for the current look before it calls {@link ClaimKeeperOptions.onDrainTimeout}, in ms. */
  readonly drainMs: number;
  /** Must end the wait for a ledger that is away; otherwise the stop waits for ever. */
  readonly onDrainTimeout: () => void;
}

/** Pause between two looks, in ms. An abandoned claim keeps its lane waiting for about this long. */
const lookEveryMs = 3000;

/**
 * Finds claims that the ledger holds for this process although no delivery works on them, and gives them up. Their answer was
 * lost, or they could not be settled. No other process can take them over while this one renews its heartbeat.
 */
export function createClaimKeeper(options: ClaimKeeperOptions): Service {
  const { ledger, claims, runners, logger } = options;
  const byQueue = new Map(runners.map((runner) => [runner.queue, runner]));
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> | undefined;

  return createService({
    name: 'claim keeper',
    start: async () => {
      timer = setInterval(() => {
        looking ??= look()
          .catch((error: unknown) => logger.warn({ err: error }, 'The claims of this process could not be read; trying again'))
          .finally(() => (looking = undefined));
      }, lookEveryMs);
    },
    stop: async () => {
      clearInterval(timer);
      const drain = setTimeout(options.onDrainTimeout, options.drainMs);
      await looking;
      clearTimeout(drain);
    },
  });

  async function look(): Promise<void> {
    const unsettled = claims.unsettled();
    const liveBefore = claims.live();
    const held = await ledger.heldClaims();
    // A claim may end or begin while the ledger answers, so it is abandoned only if it was live neither before nor after.
    const live = new Set([...liveBefore, ...claims.live()]);
    const abandoned = held.filter(({ token }) => !live.has(token));
    await Promise.all(abandoned.map(giveUp));
    const tokens = new Set(held.map(({ token }) => token));
    for (const token of unsettled) if (!tokens.has(token)) claims.forget(token);
  }

  async function giveUp(job: ClaimedJob): Promise<void> {
    const { token } = job;
    const runner = byQueue.get(job.queue);
    if (!runner) return;
    const settlement = settlementOf(job, claims.recall(token), runner);
    const outcome = outcomeOf(settlement.verdict);
    try {
      const { settled } = await runner.ledger.settle(settlement);
      claims.forget(token);
      if (!settled) return;
      metrics.jobsEnded.add({ job: job.name, queue: job.queue, outcome, reason: 'claim-abandoned' });
      logger.warn({ jobId: job.id, queue: job.queue, outcome }, 'Gave up a claim that no delivery worked on');
    } catch (error) {
      logger.error({ err: error, jobId: job.id, queue: job.queue, outcome }, 'A claim could not be given up; trying again');
    }
  }
}

/** Ends an abandoned claim. An effect that may have begun is repeated only if the job's policy allows it. */
function settlementOf(
  job: ClaimedJob,
  known: LiveClaim | undefined,
  { jobs, afterwards }: Pick<JobRunner, 'jobs' | 'afterwards'>,
): Settlement {
  if (known?.lastResort) return known.lastResort;
  const policy = policyOf(job.name, jobs);
  const isOpen = known?.hasBegun === true && policy.whenLost === 'unknown';
  const failure = isOpen ? outcomeUnknown(job, 'The attempt ended without a record') : whyHopeless(job, policy);
  const verdict = classifyFailure(failure ?? new ShutdownError(), job, policy);
  const attempt = failure && {
    startedAt: new Date(),
    outcome: outcomeOf(verdict),
    usedAttempt: isOpen,
    errorClass: failure.name,
    errorCode: failure.code,
    errorMessage: failure.message,
  };
  return { job, verdict, attempt, ...afterwards?.(verdict) };
}
