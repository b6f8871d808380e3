import { syncOrder } from '@orderly/contracts';
import { parseDestinations, type Destination } from '@orderly/destinations';
import { newJob } from '@orderly/jobs';
import { eventually } from '@orderly/testing';
import { createWorkerFixture, type JobRow, type WorkerFixture } from '@orderly/worker-process/testing';
import type { WorkerProcess } from '@orderly/worker-process';
import { buildApp } from '../src/app';
import { loadOrderSyncWorkerConfig } from '../src/config';
import { startPartner, type Partner } from './partner';

/** A ledger, a partner, and the order-sync-workers that a test starts. */
export type SyncSetup = WorkerFixture & {
  readonly partner: Partner;
  /** The destinations file. */
  readonly file: string;
  readonly destinations: readonly Destination[];
  /** Starts one more worker in this process, with changed settings of all destinations if given. */
  readonly startWorker: (changes?: Partial<Destination>) => Promise<WorkerProcess>;
  /** The job of one version for the named destination, or for the only one. */
  readonly job: (orderId: string, version: number, destination?: string) => Promise<JobRow>;
  /** Resolves with the job when it has ended with this outcome. */
  readonly ended: (orderId: string, version: number, outcome: string, destination?: string) => Promise<JobRow>;
  /** Ends the wait of a failing job after each of its tries but the last. */
  readonly bringToLastAttempt: (jobId: string) => Promise<void>;
  readonly lane: (orderId: string) => Promise<Lane>;
  readonly holds: () => Promise<{ key: string; reason: string }[]>;
};

type Lane = { readonly acked_version: number; readonly head: string | null; readonly blocked_by: string | null };
type DestinationSettings = { readonly name?: string } & Readonly<Record<string, unknown>>;

/** With one destination, `erp` in the mode latest-state, unless `destinations` says otherwise; `{partner}` stands for its URL. */
export async function setUp(...destinations: readonly DestinationSettings[]): Promise<SyncSetup> {
  const partner = await startPartner();
  const entries = (destinations.length > 0 ? destinations : [{}]).map(entryOf);
  const file = JSON.stringify({ destinations: entries }).replaceAll('{partner}', partner.url);
  const declared: Destination[] = [...parseDestinations(file, {})];
  const fixture = await createWorkerFixture(({ next: { orderId, version } }, { traceparent }) => ({
    syncs: declared.map(({ name }) =>
      newJob(syncOrder, { destination: name, orderId, version }, { orderId, version, destination: name, traceparent }),
    ),
    messages: [],
  }));
  const { db, env, deps } = fixture;

  const job: SyncSetup['job'] = async (orderId, version, destination = declared[0]!.name) => {
    const found = (await fixture.jobs(orderId)).find((row) => row.version === version && row.destination === destination);
    if (!found) throw new Error(`${orderId} has no job for version ${version}`);
    return found;
  };
  return {
    ...fixture,
    partner,
    file,
    destinations: declared,
    startWorker: (changes) => {
      const changed = declared.map((destination) => ({ ...destination, ...changes }));
      return fixture.run(buildApp(loadOrderSyncWorkerConfig(env), { ...deps, destinations: changed }));
    },
    job,
    ended: (orderId, version, outcome, destination) =>
      eventually(async () => {
        const row = await job(orderId, version, destination);
        expect(row).toMatchObject({ version, state: 'ended', outcome });
        return row;
      }),
    bringToLastAttempt: async (jobId) => {
      for (let attempts = 1; attempts < syncOrder.policy.attempts; attempts += 1) {
        await eventually(async () => {
          const [row] = await db.query<{ used: number }>('select attempts_used as used from jobs where id = $1', [jobId]);
          expect(row!.used).toBeGreaterThanOrEqual(attempts);
        });
        await fixture.bringForward(jobId);
      }
    },
    lane: async (orderId) => (await db.query<Lane>('select * from lanes where order_id = $1', [orderId]))[0]!,
    holds: () => db.query('select key, reason from holds'),
    close: async () => {
      // The partner stops first, so that no worker waits for an answer.
      await partner.close();
      await fixture.close();
    },
  };
}

const entryOf = ({ name = 'erp', ...settings }: DestinationSettings): object => ({
  name,
  mode: 'latest-state',
  request: { url: `{partner}/${name}/{orderId}` },
  allowPrivateNetwork: true,
  ...settings,
});
