import type {
  ApplyJob,
  ApplyResult,
  ClaimResult,
  Delivery,
  Ledger,
  ReadResult,
  RunnableJob,
  Settlement,
  SettleResult,
} from '@orderly/jobs';
import { v7 as uuidv7 } from 'uuid';
import {
  coalesced,
  type Database,
  explainDatabaseFault,
  faultKind,
  isDatabaseAway,
  mayPass,
  retried,
  type WaitForDatabaseOptions,
} from '@orderly/database';
import { DeferredError } from '@orderly/errors';
import { applyOrderEvents } from '../orders/apply-order-events';
import type { PlanOrder } from '../orders/order-plan';
import { claimJobs, type ClaimOptions, type TokenRequest } from './claim-jobs';
import { firstUnapplied } from '../orders/read-orders';
import { readDueJobs } from './read-due-jobs';
import { settleJobs } from './settle-jobs';

export interface LedgerOptions {
  readonly db: Database;
  readonly processId: string;
  /** Called after the commit with the jobs that became runnable. */
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  /** How to behave while the database is away. */
  readonly wait: WaitForDatabaseOptions;
  /** How many calls shared a round trip. */
  readonly onBatch?: (operation: 'claim' | 'read' | 'settle' | 'apply', size: number) => void;
}

/** Maximum number of calls per round trip. */
const maxBatch = 200;
/** Round trips of one kind under way at once: one batch runs while another commits. */
const maxInFlight = 2;

/** The ledger of one queue. Its jobs are claimed first and settled afterwards, or applied by the transaction that ends them. */
export function createClaimLedger(options: LedgerOptions, claim: Omit<ClaimOptions, 'processId'>): Ledger {
  const { db, processId, relay } = options;
  const claims = together<TokenRequest, ClaimResult>(options, 'claim', (requests) =>
    claimJobs(db, requests, { ...claim, processId }),
  );
  const settle = together<Settlement, SettleResult>(options, 'settle', async (settlements) => {
    const { results, runnable } = await settleJobs(db, settlements, processId);
    relay(runnable);
    return results;
  });
  const read = together<string, ReadResult>(options, 'read', (ids) => readDueJobs(db, ids, claim.queue));
  return {
    claim: ({ jobId, token = uuidv7() }) =>
      claims({ id: jobId, token }).catch((error: unknown): ClaimResult => {
        if (faultKind(error) === 'refused') return { kind: 'refused', error };
        throw error;
      }),
    read,
    settle,
  };
}

/** Applies events to orders, many in one transaction. `plan` decides what the events do to their order. */
export function createOrderApplier(options: LedgerOptions, plan: PlanOrder): ApplyJob {
  const { db, processId, relay, wait } = options;
  const run = async (deliveries: readonly Delivery[], onlyEvent?: string): Promise<readonly ApplyResult[]> => {
    const { results, runnable } = await applyOrderEvents(db, deliveries, { plan, processId, onlyEvent });
    relay(runnable);
    return results;
  };
  const applyTogether = together<Delivery, ApplyResult>(options, 'apply', (deliveries) => run(deliveries));
  return (delivery) =>
    applyTogether(delivery)
      .catch((error: unknown) => {
        if (isDatabaseAway(error)) throw error;
        return retried(
          () => applyOneByOne(db, delivery, async (one, onlyEvent) => (await run([one], onlyEvent))[0] as ApplyResult),
          { wait },
        );
      })
      .catch((error: unknown) => {
        throw mayPass(error) ? deferred(error) : error;
      });
}

/** A lock, a full disk or a lack of memory may last longer than five attempts, and says nothing about the event. */
const deferred = (error: unknown): DeferredError => {
  const { message } = explainDatabaseFault(error) ?? { message: 'PostgreSQL could not apply the event' };
  return new DeferredError('database-unavailable', message, { cause: error });
};

/**
 * Applies the events of an order one at a time if they cannot be applied together. Events before the bad one take effect, and the
 * failure is charged to the bad event's own job. Later events wait for its retry.
 */
async function applyOneByOne(
  db: Database,
  delivery: Delivery,
  run: (delivery: Delivery, onlyEvent?: string) => Promise<ApplyResult>,
): Promise<ApplyResult> {
  for (;;) {
    const first = await firstUnapplied(db, delivery.jobId);
    // Without one, all remaining events are parked, so only this job, at its deadline, can be the bad one.
    if (first === undefined || first.id === delivery.jobId) return run(delivery, first?.id);
    if (first.dueInMs > 0) return { kind: 'later', delayMs: Math.ceil(first.dueInMs) };
    try {
      const { kind } = await run({ jobId: first.id }, first.id);
      const isPassed = kind === 'ended' || kind === 'parked' || kind === 'idle';
      if (!isPassed) return { kind: 'later', delayMs: behindBadEventMs };
    } catch (error) {
      if (isDatabaseAway(error)) throw error;
      return { kind: 'later', delayMs: behindBadEventMs };
    }
  }
}

/** How soon an event behind a bad one is tried again, in ms. */
const behindBadEventMs = 2000;

function together<Item, Result>(
  { wait, onBatch }: LedgerOptions,
  operation: 'claim' | 'read' | 'settle' | 'apply',
  run: (items: readonly Item[]) => Promise<readonly Result[]>,
): (item: Item) => Promise<Result> {
  return coalesced<Item, Result>({ run, wait, maxBatch, maxInFlight, onBatch: (size) => onBatch?.(operation, size) });
}
