import { syncOrder } from '@orderly/contracts';
import { createClaimLedger } from '@orderly/ledger';
import type { JobHandler } from '@orderly/jobs';
import { createLogger, type Logger } from '@orderly/observability';
import { bindJob } from '@orderly/queue';
import { v7 as uuidv7 } from 'uuid';
import { createWorkerProcess, type WorkerProcess } from '../src';
import type { WorkerFixture } from '../src/testing';

export const queue = 'order-sync.erp';

/** A complete worker process with one queue and a handler of the test. */
export function buildErpWorker(
  env: Readonly<Record<string, string | undefined>>,
  handler: JobHandler<typeof syncOrder>,
  {
    shutdownTimeoutMs = 2000,
    logger = createLogger({ service: 'erp-worker', level: 'silent' }),
  }: { readonly shutdownTimeoutMs?: number; readonly logger?: Logger } = {},
): WorkerProcess {
  const config = {
    database: { url: env['DATABASE_URL'] ?? '', poolSize: 4 },
    redis: { url: env['REDIS_URL'] ?? '' },
    admin: { host: '127.0.0.1', port: 0 },
    queue: { prefix: env['ORDERLY_QUEUE_PREFIX'] ?? '' },
    shutdown: { timeoutMs: shutdownTimeoutMs },
  };
  return createWorkerProcess('erp-worker', config, { logger, metricsText: async () => '' }, ({ ledgerOptions }) => ({
    queues: [
      {
        queue,
        concurrency: 10,
        ledger: createClaimLedger(ledgerOptions, { queue, destination: 'erp', sendsNewest: false, sendsMessages: false }),
        jobs: { 'sync-order': bindJob(syncOrder, handler) },
      },
    ],
  }));
}

export type ErpJob = {
  readonly state: string;
  readonly outcome: string | null;
  readonly wait_reason: string | null;
  readonly attempts_used: number;
  readonly crashes: number;
};

/** Adds jobs to the ledger and, unless the test says otherwise, to BullMQ. Returns their ids. */
export async function insertJobs(
  { db, queue: open }: WorkerFixture,
  count: number,
  { inRedis = true }: { readonly inRedis?: boolean } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => uuidv7());
  await db.query(
    `insert into jobs (id, name, queue, priority, payload, state, order_id, destination, version)
     select id, 'sync-order', $2, 3, jsonb_build_object('destination', 'erp', 'orderId', id::text, 'version', 1), 'runnable', id::text, 'erp', 1
     from unnest($1::uuid[]) as id`,
    [ids, queue],
  );
  if (inRedis) await open(queue).addBulk(ids.map((id) => ({ name: 'sync-order', data: {}, opts: { jobId: id, priority: 3 } })));
  return ids;
}

export const readJobs = ({ db }: WorkerFixture, ids: readonly string[]): Promise<ErpJob[]> =>
  db.query<ErpJob>(
    `select state, outcome, wait_reason, attempts_used, crashes from jobs where id = any($1::uuid[]) order by id`,
    [ids],
  );
