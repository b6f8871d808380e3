import { orderEventTypes } from '@orderly/contracts';
import { eventually } from '@orderly/testing';
import type { WorkerProcess } from '@orderly/worker-process';
import { createWorkerFixture, type WorkerFixture } from '@orderly/worker-process/testing';
import { buildApp } from '../src/app';
import { loadStatusWorkerConfig, type StatusWorkerConfig } from '../src/config';

type OrderStatusConfig = StatusWorkerConfig['orderStatus'];

/** A ledger, and the status-workers that a test starts. The destination `erp` wants all events, and `wms` only status changes. */
export type StatusSetup = WorkerFixture & {
  readonly startWorker: (change?: Partial<OrderStatusConfig>) => Promise<WorkerProcess>;
  readonly order: (orderId: string) => Promise<{ status: string | null; version: number } | undefined>;
  readonly event: (eventId: string) => Promise<EventJob>;
  /** Resolves with the job of an event when it has ended with this outcome. */
  readonly ended: (eventId: string, outcome: string) => Promise<EventJob>;
  readonly history: (
    orderId: string,
  ) => Promise<{ version: number; from_status: string | null; to_status: string; skipped: string[] }[]>;
};

type EventJob = {
  readonly state: string;
  readonly outcome: string | null;
  readonly result_version: number | null;
  readonly attempts_used: number;
  readonly error_code: string | null;
  readonly fingerprint: string | null;
  readonly detail: unknown;
};

export async function setUp(): Promise<StatusSetup> {
  const fixture = await createWorkerFixture();
  const { db, env, deps } = fixture;
  const config = loadStatusWorkerConfig(env);
  const destinations = [
    { name: 'erp', events: orderEventTypes },
    { name: 'wms', events: ['order.status_changed', 'order.cancelled'] },
  ] as const;
  const event = async (eventId: string): Promise<EventJob> =>
    (await db.query<EventJob>('select * from jobs where id = $1', [eventId]))[0]!;
  return {
    ...fixture,
    startWorker: (change = {}) =>
      fixture.run(buildApp({ ...config, orderStatus: { ...config.orderStatus, ...change } }, { ...deps, destinations })),
    order: async (orderId) => (await db.query<never>('select * from orders where order_id = $1', [orderId]))[0],
    event,
    ended: (eventId, outcome) =>
      eventually(async () => {
        const job = await event(eventId);
        expect(job).toMatchObject({ state: 'ended', outcome });
        return job;
      }),
    history: (orderId) =>
      db.query('select version, from_status, to_status, skipped from order_changes where order_id = $1 order by version', [
        orderId,
      ]),
  };
}
