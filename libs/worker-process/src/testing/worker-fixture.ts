import type { OrderEvent } from '@orderly/contracts';
import { createDatabase, type Database } from '@orderly/database';
import { acceptEvents, createOrderApplier } from '@orderly/ledger';
import { migrate } from '@orderly/migrations';
import { buildAccepted, planWith, type PlanFollowUps } from '@orderly/ledger/testing';
import type { RunnableJob } from '@orderly/jobs';
import { createLogger } from '@orderly/observability';
import { createEngine } from '@orderly/queue';
import type { Service } from '@orderly/runtime';
import { createTestDatabase, eventually, testRedisUrl } from '@orderly/testing';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { WorkerProcessDeps } from '../worker-process';

const migrations = join(__dirname, '../../../migrations/sql');

/** A private ledger and queue prefix, with the actions of a test on them. */
export interface WorkerFixture {
  readonly db: Database;
  /** The variables that every worker needs. */
  readonly env: Readonly<Record<string, string>>;
  readonly deps: WorkerProcessDeps;
  /** Starts a worker. {@link WorkerFixture.close} stops it. */
  run<Worker extends Service>(worker: Worker): Promise<Worker>;
  /** Stops a worker before the end. */
  stop(worker: Service): Promise<void>;
  /** Accepts events, and gives their jobs to BullMQ, for status-worker. Returns the ids of the jobs. */
  accept(events: readonly OrderEvent[], rest?: { readonly traceparent?: string }): Promise<string[]>;
  /** Accepts events and applies them as status-worker does. Their follow-up jobs are for the other workers. */
  apply(events: readonly OrderEvent[], rest?: { readonly traceparent?: string }): Promise<void>;
  /** The jobs of an order by version, without those that apply its events. */
  jobs(orderId: string): Promise<JobRow[]>;
  attempts(jobId: string): Promise<AttemptRow[]>;
  /** Ends the wait of a job, so that it is due now. */
  bringForward(jobId: string): Promise<void>;
  /** Makes the probe of a held destination due now, for running and future workers. */
  endHold(destination: string): Promise<void>;
  queue(name: string): Queue;
  close(): Promise<void>;
}

export type JobRow = {
  readonly id: string;
  readonly name: string;
  readonly destination: string | null;
  readonly version: number | null;
  readonly state: string;
  readonly outcome: string | null;
  readonly wait_reason: string | null;
  readonly attempts_used: number;
  readonly tries: number;
  readonly crashes: number;
  readonly result_version: number | null;
  readonly error_code: string | null;
  readonly fingerprint: string | null;
};

type AttemptRow = {
  readonly number: number;
  readonly outcome: string;
  readonly used_attempt: boolean;
  readonly error_code: string | null;
  readonly version_sent: number | null;
  readonly response_status: number | null;
  readonly confirmation_id: string | null;
  readonly trace_id: string | null;
};

/** @param followUps - plans the follow-up jobs of {@link WorkerFixture.apply}. @defaultValue none */
export async function createWorkerFixture(
  followUps: PlanFollowUps = () => ({ syncs: [], messages: [] }),
): Promise<WorkerFixture> {
  const database = await createTestDatabase((url) => migrate(url, migrations));
  const redisUrl = testRedisUrl();
  const prefix = `test-${randomUUID()}`;
  const db = createDatabase({ url: database.url, poolSize: 4, applicationName: 'test' });
  const redis = new Redis(redisUrl, { maxRetriesPerRequest: null });
  const engine = createEngine({ redisUrl, prefix });
  await engine.ready();
  const queues = new Map<string, Queue>();
  const workers: Service[] = [];
  const stopping = new AbortController();
  const relayed: Promise<void>[] = [];
  const applier = createOrderApplier(
    {
      db,
      processId: randomUUID(),
      relay: (jobs) => void relayed.push(engine.add(jobs)),
      wait: { signal: stopping.signal },
    },
    planWith({ parkedDeadlineMs: 60_000, followUps }),
  );

  const take = async (events: readonly OrderEvent[], traceparent: string | null): Promise<RunnableJob[]> => {
    const results = await acceptEvents(
      db,
      events.map((event) => buildAccepted(event, { traceparent })),
    );
    return results.flatMap((result) => (result.status === 'accepted' ? [result.job] : []));
  };
  const queue = (name: string): Queue => {
    const known = queues.get(name) ?? new Queue(name, { connection: redis, prefix });
    queues.set(name, known);
    return known;
  };

  return {
    db,
    env: {
      DATABASE_URL: database.url,
      REDIS_URL: redisUrl,
      ORDERLY_QUEUE_PREFIX: prefix,
      DATABASE_POOL_SIZE: '4',
      ADMIN_HOST: '127.0.0.1',
      ADMIN_PORT: '0',
      LOG_LEVEL: 'fatal',
      SHUTDOWN_TIMEOUT_MS: '2000',
    },
    deps: { logger: createLogger({ service: 'test', level: 'silent' }), metricsText: async () => '' },
    run: async (worker) => {
      workers.push(worker);
      await worker.start();
      return worker;
    },
    stop: (worker) => worker.stop(),
    accept: async (events, { traceparent = null } = {}) => {
      const jobs = await take(events, traceparent);
      await engine.add(jobs);
      return jobs.map(({ id }) => id);
    },
    apply: async (events, { traceparent = null } = {}) => {
      const jobs = await take(events, traceparent);
      const last = new Map(jobs.map(({ id }, index) => [events[index]?.orderId ?? '', id]));
      await Promise.all([...last.values()].map((jobId) => applier({ jobId })));
      await Promise.all(relayed.splice(0));
    },
    jobs: (orderId) =>
      db.query<JobRow>(`select * from jobs where order_id = $1 and name <> 'apply-order-event' order by version, destination`, [
        orderId,
      ]),
    attempts: (jobId) => db.query<AttemptRow>('select * from attempts where job_id = $1 order by number', [jobId]),
    bringForward: async (jobId) => {
      let attemptsBefore: number | undefined;
      const waiting = await eventually(async () => {
        const [row] = await db.query<{ queue: string; state: string; attempts: number; waits: boolean }>(
          `select queue, state, attempts_used as attempts, run_at > now() as waits from jobs where id = $1`,
          [jobId],
        );
        attemptsBefore ??= row?.attempts ?? 0;
        // On a slow machine the job may have become due before this call.
        if (row && (row.state === 'ended' || row.attempts > Math.max(attemptsBefore, 1))) return undefined;
        const job = row?.state === 'runnable' && row.waits ? await queue(row.queue).getJob(jobId) : undefined;
        if (!job || !(await job.isDelayed())) throw new Error(`Job ${jobId} does not wait for a time`);
        return job;
      });
      if (!waiting) return;
      await db.query('update jobs set run_at = now() where id = $1', [jobId]);
      await waiting.promote();
    },
    endHold: async (destination) => {
      await db.query(`update holds set until = now() where scope = 'destination' and key = $1`, [destination]);
      await db.query(`update jobs set run_at = now() where destination = $1 and state = 'runnable' and run_at > now()`, [
        destination,
      ]);
      const held = queue(`order-sync.${destination}`);
      await held.removeRateLimitKey();
      await held.promoteJobs();
    },
    queue,
    close: async () => {
      stopping.abort();
      await Promise.all(workers.map((worker) => worker.stop()));
      await Promise.all([...queues.values()].map((known) => known.close()));
      await removeKeys(redis, prefix);
      redis.disconnect();
      await engine.close();
      await db.close();
      await database.drop();
    },
  };
}

async function removeKeys(redis: Redis, prefix: string): Promise<void> {
  for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1000 })) {
    if ((keys as string[]).length > 0) await redis.del(...(keys as string[]));
  }
}
