import { createDatabase, createDatabaseFaultLog, type Database, isDatabaseAway, retried } from '@orderly/database';
import {
  createClaimKeeping,
  createProcessRegistry,
  createSweepLedger,
  type LedgerOptions,
  readOldestWaits,
} from '@orderly/ledger';
import { ShutdownError } from '@orderly/errors';
import { createSoloGate, liveness, type Ledger, type RunnableJob } from '@orderly/jobs';
import { metrics, type Logger } from '@orderly/observability';
import {
  createClaimKeeper,
  createEngine,
  createHeartbeat,
  createLiveClaims,
  createQueueWorker,
  createRedisCheck,
  createRelay,
  createSweep,
  redisPart,
  type BoundJob,
  type BullEngine,
  type QueueWorkerOptions,
} from '@orderly/queue';
import { composeServices, createAdminServer, createService, type AdminServer, type Service } from '@orderly/runtime';
import { v7 as uuidv7 } from 'uuid';
import { createProcessFaults, untilRedisWorks } from './process-faults';

/** What every worker needs from its environment. */
export interface WorkerProcessConfig {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly redis: { readonly url: string };
  readonly admin: { readonly host: string; readonly port: number };
  readonly queue: { readonly prefix: string };
  readonly shutdown: { readonly timeoutMs: number };
}

export interface WorkerProcessDeps {
  readonly logger: Logger;
  /** The Prometheus text of `/metrics`. */
  readonly metricsText: () => Promise<string>;
}

/** What a worker's own wiring starts from. */
export interface WorkerParts {
  readonly db: Database;
  readonly ledgerOptions: LedgerOptions;
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  /** One round trip to Redis; rejects at once while it is away. */
  readonly pingRedis: () => Promise<unknown>;
  readonly logger: Logger;
}

/** One queue of a worker: how its jobs are claimed, and who handles them. */
export interface QueuePlan extends Pick<QueueWorkerOptions, 'queue' | 'concurrency' | 'rateLimit' | 'applies' | 'afterwards'> {
  readonly ledger: Ledger;
  /** By job name. */
  readonly jobs: Readonly<Record<string, BoundJob>>;
}

/** What makes a worker the one that it is. */
export interface WorkerPlan {
  readonly queues: readonly QueuePlan[];
  /** Started before the queues and stopped after them, such as connections to partners. */
  readonly services?: readonly Service[];
  /** Redis was emptied: whatever else the worker keeps there is to be applied again. */
  readonly onGeneration?: () => void;
}

export interface WorkerProcess extends Service {
  readonly admin: AdminServer;
  readonly processId: string;
}

/** Share of the shutdown's time after which jobs that still run are handed back. */
const drainShare = 0.6;
/** Share of the shutdown's time after which BullMQ is no longer waited for. */
const closeShare = 0.9;
/** So short that a second try fits in before the process has to stop acting. */
const heartbeatTimeoutMs = liveness.fenceMs / 2 - liveness.beatMs / 2;

/**
 * Joins the ledger and BullMQ into a process: connections, heartbeat, sweep, workers and admin server, started in the order in
 * which they need each other and stopped the other way round.
 */
export function createWorkerProcess(
  name: string,
  config: WorkerProcessConfig,
  { logger, metricsText }: WorkerProcessDeps,
  plan: (parts: WorkerParts) => WorkerPlan,
): WorkerProcess {
  const processId = uuidv7();
  const stop = new AbortController();
  const db = connect(name, config, logger);
  // A heartbeat must not wait behind the work for a connection of the pool.
  const heartbeatDb = createDatabase({
    url: config.database.url,
    poolSize: 1,
    applicationName: `${name}-heartbeat`,
    // Nor behind an answer that never comes, on a connection that has silently died: the next one takes another.
    connectTimeoutMs: heartbeatTimeoutMs,
    queryTimeoutMs: heartbeatTimeoutMs,
  });
  const explain = createDatabaseFaultLog(logger, { consequence: 'Work waits for it' });
  const { prefix } = config.queue;
  const faults = createProcessFaults(logger);
  const engine = createEngine({
    redisUrl: config.redis.url,
    prefix,
    connectsWhenAsked: true,
    onError: (error) => faults.redis.failed(redisPart, error),
  });
  const relay = createRelay(
    engine,
    (error, jobs) => faults.relay.failed('relay', error, jobs),
    () => faults.relay.works('relay'),
  );
  const ledgerOptions: LedgerOptions = {
    db,
    processId,
    relay,
    wait: {
      signal: stop.signal,
      onChange: (isAway) => {
        metrics.dependencyUp.set(isAway ? 0 : 1, { dependency: 'postgresql' });
        if (!isAway) logger.info('PostgreSQL is back');
      },
      onWait: explain,
    },
    onBatch: (operation, size) => metrics.coalescedBatchSize.record(size, { operation }),
  };

  const {
    queues,
    services = [],
    onGeneration,
  } = plan({
    db,
    ledgerOptions,
    relay,
    pingRedis: () => engine.redis.ping(),
    logger,
  });
  const queueNames = queues.map(({ queue }) => queue);
  const registry = createProcessRegistry(heartbeatDb, processId, name, queueNames);
  const heartbeat = createHeartbeat(registry, (error) => {
    if (!explain(error)) logger.warn({ err: error }, 'A heartbeat was missed');
  });
  const gate = createSoloGate();
  const claims = createLiveClaims();
  const draining = {
    drainMs: config.shutdown.timeoutMs * drainShare,
    onDrainTimeout: () => stop.abort(new ShutdownError()),
  };
  const workers = queues.map((queue) =>
    createQueueWorker({
      ...queue,
      engine,
      gate,
      claims,
      heartbeat,
      stop: stop.signal,
      logger,
      prefix,
      redisUrl: config.redis.url,
      redisFaults: faults.redis,
      closeMs: config.shutdown.timeoutMs * closeShare,
      ...draining,
    }),
  );
  const claimKeeper = createClaimKeeper({
    ledger: createClaimKeeping(db, processId),
    claims,
    runners: queues,
    logger,
    ...draining,
  });
  const sweep = createSweep({
    engine,
    ledger: createSweepLedger(db, processId),
    queues: queueNames,
    prefix,
    logger,
    faults,
    onGeneration,
  });
  const redisWorks = createRedisCheck(engine.redis, prefix);
  const admin = createAdminServer({
    ...config.admin,
    // Whether the process still renews its heartbeat is a matter of its servers, not of a restart.
    live: () => workers.every((worker) => worker.isFetching()),
    ready: async () => [
      { name: 'postgresql', ok: heartbeat.isFresh() },
      { name: 'redis', ok: await redisWorks() },
    ],
    metrics: metricsText,
  });
  // While the heartbeat cannot be renewed, the ledger is away.
  const queueMetrics = observeQueues(engine, queueNames, async () =>
    heartbeat.isFresh() ? readOldestWaits(db, queueNames) : undefined,
  );

  const service = composeServices(name, [
    admin,
    closing('database', () => db.close()),
    createService({
      name: 'heartbeat database',
      // A first write: it tells a wrong password, missing tables and a standby, and waits until they are corrected.
      start: (signal) =>
        retried(() => registry.beat(), { wait: { ...ledgerOptions.wait, signal } }).catch((error: unknown) => {
          signal.throwIfAborted();
          throw error;
        }),
      stop: () => heartbeatDb.close(),
    }),
    createService({
      name: 'redis',
      start: (signal) => untilRedisWorks(engine, faults.redis, signal),
      stop: () => engine.close(),
    }),
    heartbeat,
    ...services,
    closing('relay', () => relay.idle()),
    [...workers, sweep, claimKeeper, queueMetrics],
    admin.readiness,
  ]);
  return { ...service, admin, processId };
}

/**
 * A connection that has become silent must not hold the work that waits for it: the statement is run again on another. Each is
 * safe to run twice. In ms.
 */
const queryTimeoutMs = 15_000;

function connect(name: string, { database }: WorkerProcessConfig, logger: Logger): Database {
  const onIdleError = (error: Error): void => {
    if (!isDatabaseAway(error)) logger.warn({ err: error }, 'A connection to PostgreSQL broke');
  };
  return createDatabase({ ...database, applicationName: name, preparesStatements: true, queryTimeoutMs, onIdleError });
}

/** Something that is ready from the start, and has to be closed in its turn. */
const closing = (name: string, stop: () => Promise<void>): Service => createService({ name, start: async () => undefined, stop });

/**
 * The depth of the queues, by BullMQ, and how long their jobs have waited, by the ledger; read at each scrape.
 *
 * @param oldestWaits - by queue, in ms; undefined while the ledger is away, for which no scrape is to wait
 */
function observeQueues(
  engine: BullEngine,
  queues: readonly string[],
  oldestWaits: () => Promise<ReadonlyMap<string, number> | undefined>,
): Service {
  let ends: (() => void)[] = [];
  return createService({
    name: 'queue metrics',
    start: async () => {
      ends = [
        metrics.queueDepth.observe(async () => {
          const depths = await Promise.all(queues.map(async (queue) => ({ queue, counts: await engine.counts(queue) })));
          return depths.flatMap(({ queue, counts }) =>
            Object.entries(counts).map(([state, value]) => ({ value, labels: { queue, state } })),
          );
        }),
        metrics.queueOldestWait.observe(async () => {
          const waits = await oldestWaits();
          return waits ? queues.map((queue) => ({ value: (waits.get(queue) ?? 0) / 1000, labels: { queue } })) : [];
        }),
      ];
    },
    stop: async () => {
      for (const end of ends) end();
    },
  });
}
