import type { ClaimedJob, LaneStep, RunnableJob, Verdict } from '@orderly/jobs';
import type { Database } from '@orderly/database';
import { createClaimLedger, createOrderApplier, declareDestinations, reopenLetters } from '../../src/index';
import type { Reopened } from '../../src/operator/reopen-letters';
import { acceptAll, followUpsTo, planWith, settlementOf, startProcess, testActor } from '../../src/testing';

export type LaneSettings = {
  readonly mode: 'every-event' | 'latest-state';
  readonly onDeadHead: 'block' | 'supersede' | 'skip';
};

let number = 0;
const stepAfterDead = { block: 'block', supersede: 'newest', skip: 'next' } as const satisfies Record<string, LaneStep>;
const wait = { signal: new AbortController().signal };

/** One order with one destination of its own, and a worker for it that tests drive by hand. */
export async function laneOfOrder(db: Database, { mode, onDeadHead }: LaneSettings) {
  const destination = `lane-${process.pid}-${(number += 1)}`;
  const orderId = `order-${destination}`;
  const processId = await startProcess(db);
  const known = await db.query<{ name: string; mode: LaneSettings['mode']; onDeadHead: LaneSettings['onDeadHead'] }>(
    `select name, mode, on_dead_head as "onDeadHead" from destinations`,
  );
  const declare = (settings: LaneSettings) =>
    declareDestinations(db, [...known.filter(({ name }) => name !== destination), { name: destination, ...settings }]);
  await declare({ mode, onDeadHead });
  const relayed: RunnableJob[] = [];
  const options = { db, processId, relay: (jobs: readonly RunnableJob[]) => void relayed.push(...jobs), wait };
  const apply = createOrderApplier(options, planWith({ followUps: followUpsTo(destination) }));
  const sync = createClaimLedger(options, {
    queue: `order-sync.${destination}`,
    destination,
    sendsNewest: mode === 'latest-state',
    sendsMessages: false,
  });
  let version = 0;
  /** Brings the order to the next so many versions. */
  const change = async (times = 1): Promise<void> => {
    const events = Array.from({ length: times }, () => {
      version += 1;
      const occurredAt = new Date(Date.UTC(2026, 0, 1) + version * 1000).toISOString();
      return version === 1
        ? { orderId, occurredAt }
        : ({ orderId, occurredAt, type: 'order.updated', data: { totalMinor: version } } as const);
    });
    const [jobId] = await acceptAll(db, events);
    await apply({ jobId: jobId! });
  };
  const jobs = () =>
    db.query<LaneJob>(
      `select id, version, state, outcome, epoch, fingerprint, attempts_used, in_doubt, operation_id
       from jobs where order_id = $1 and destination = $2 order by version, id`,
      [orderId, destination],
    );
  const laneRow = async () =>
    (
      await db.query<{ head: string | null; acked_version: number; blocked_by: string | null }>(
        'select head, acked_version, blocked_by from lanes where order_id = $1 and destination = $2',
        [orderId, destination],
      )
    )[0]!;
  const idOf = async (wanted: number): Promise<string> => (await jobs()).find((job) => job.version === wanted)!.id;
  const claimId = async (id: string): Promise<ClaimedJob> => {
    const result = await sync.claim({ jobId: id });
    if (result.kind !== 'claimed') throw new Error(`not claimed but ${result.kind}`);
    return result.job;
  };
  const settle = (job: ClaimedJob, verdict?: Verdict, responseStatus?: number) =>
    sync.settle(
      settlementOf(job, verdict, {
        laneStep:
          verdict?.kind === 'dead'
            ? stepAfterDead[onDeadHead]
            : verdict?.kind === 'ended' && verdict.outcome === 'unknown'
              ? 'block'
              : 'next',
        attempt: { versionSent: job.intentVersion ?? undefined, responseStatus },
      }),
    );
  return {
    destination,
    orderId,
    relayed,
    sync,
    options,
    declare,
    change,
    jobs,
    laneRow,
    idOf,
    claimId,
    settle,
    version: () => version,
    claim: async (wanted: number) => claimId(await idOf(wanted)),
    states: async () => (await jobs()).map(({ state, outcome }) => outcome ?? state),
    /** Claims a version and lets it die. */
    die: async (wanted: number, responseStatus?: number) =>
      settle(await claimId(await idOf(wanted)), deadOf(destination), responseStatus),
    /** Sends letters again, as one step of an operation does. */
    redrive: async (...versions: number[]): Promise<Reopened> => {
      const ids = await Promise.all(versions.map(idOf));
      return db.transaction((query) => reopenLetters(query, ids, { action: 'job.redriven', actor: testActor, reason: 'test' }));
    },
  };
}

export type LaneJob = {
  readonly id: string;
  readonly version: number;
  readonly state: string;
  readonly outcome: string | null;
  readonly epoch: number;
  readonly fingerprint: string | null;
  readonly attempts_used: number;
  readonly in_doubt: boolean;
  readonly operation_id: string | null;
};

export const deadOf = (destination: string): Verdict => ({
  kind: 'dead',
  code: 'destination-refused',
  message: 'refused',
  fingerprint: `destination-refused:${destination}`,
});

export const unknownOutcome: Verdict = { kind: 'ended', outcome: 'unknown', reason: 'destination-timeout' };
