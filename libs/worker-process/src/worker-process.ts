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
  readRedisMemory,
  redisPart,
  type BoundJob,
  type BullEngine,
  type QueueWorkerOptions,
  type RedisMemory,
} from '@orderly/queue';
import { composeServices, createAdminServer, createService, type AdminServer, type Service } from '@orderly/runtime';
import { v7 as uuidv7 } from 'uuid';
import { carryOutOperations } from './carry-out-operations';
import { createProcessFaults, untilRedisWorks } from './process-faults';

/** The configuration that every worker needs. */
export interface WorkerProcessConfig {
  readonly database: { readonly url: string; readonly poolSize: number };
  readonly redis: { readonly url: string };
  readonly admin: { readonly host: string; readonly port: number };
  readonly queue: { readonly prefix: string };
  readonly shutdown: { readonly timeoutMs: number };
}

/** What a worker needs besides its configuration. Tests pass their own. */
export interface WorkerProcessDeps {
  readonly logger: Logger;
  /** Returns the body of `/metrics`, in Prometheus' text format. */
  readonly metricsText: () => Promise<string>;
}

/** The parts that a worker may use for its own queues and services. */
export interface WorkerParts {
  readonly db: Database;
  readonly ledgerOptions: LedgerOptions;
  /** Adds jobs to BullMQ. Call it only after their commit: a worker would not find an uncommitted job. */
  readonly relay: (jobs: readonly RunnableJob[]) => void;
  /** Makes one round trip to Redis. Rejects at once while Redis is away. */
  readonly pingRedis: () => Promise<unknown>;
  /** How full Redis is; rejects at once while it is away. */
  readonly redisMemory: () => Promise<RedisMemory>;
  readonly logger: Logger;
}

/** One queue of a worker: how its jobs are claimed, and their handlers. */
export interface QueuePlan extends Pick<QueueWorkerOptions, 'queue' | 'concurrency' | 'rateLimit' | 'applies' | 'afterwards'> {
  readonly ledger: Ledger;
  /** Handlers by job name. A job without a handler becomes a dead letter. */
  readonly jobs: Readonly<Record<string, BoundJob>>;
}

/** The queues and services that distinguish one worker from another. */
export interface WorkerPlan {
  readonly queues: readonly QueuePlan[];
  /** Services that the queues need, such as connections to partners: started before the queues and stopped after them. */
  readonly services?: readonly Service[];
  /** Called after Redis has lost its contents, to restore everything of this worker except the jobs. */
  readonly onGeneration?: () => void;
}

/** A worker, ready to start. */
export interface WorkerProcess extends Service {
  readonly admin: AdminServer;
  /** A new UUID per start. It marks the worker's claims and heartbeat in the ledger. */
  readonly processId: string;
}

/** Jobs that still run after this share of the shutdown time are handed back. The rest of the time is for settling them. */
const drainShare = 0.6;
/** After this share of the shutdown time, a stop no longer waits for BullMQ. */
const closeShare = 0.9;
/** In ms. Short enough for a second try before the process must stop acting. */
const heartbeatTimeoutMs = liveness.fenceMs / 2 - liveness.beatMs / 2;

/**
 * Builds a worker from the ledger and BullMQ: connections, heartbeat, sweep, queues and admin server. The parts start in the
 * order in which they need each other, and stop in reverse.
 *
 * @param plan - makes the worker's own queues and services
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
  // Its own connection: in the pool, a heartbeat would wait behind the work.
  const heartbeatDb = createDatabase({
    url: config.database.url,
    poolSize: 1,
    applicationName: `${name}-heartbeat`,
    // If a connection has silently died, the next heartbeat must take another one in time.
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
    redisMemory: () => readRedisMemory(engine.redis),
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
    windows: new Map(queues.map(({ queue, rateLimit }) => [queue, rateLimit?.perMs ?? 0])),
    prefix,
    logger,
    faults,
    onGeneration,
  });
  const redisWorks = createRedisCheck(engine.redis, prefix);
  const admin = createAdminServer({
    ...config.admin,
    // A missed heartbeat does not count: it shows a fault of a server, which a restart would not repair.
    live: () => workers.every((worker) => worker.isFetching()),
    ready: async () => [
      { name: 'postgresql', ok: heartbeat.isFresh() },
      { name: 'redis', ok: await redisWorks() },
    ],
    metrics: metricsText,
  });
  // Without a fresh heartbeat the ledger is probably away, and a scrape must not wait for it.
  const queueMetrics = observeQueues(engine, queueNames, async () =>
    heartbeat.isFresh() ? readOldestWaits(db, queueNames) : undefined,
  );

  const service = composeServices(name, [
    admin,
    closing('database', () => db.close()),
    createService({
      name: 'heartbeat database',
      // The first write shows a wrong password, missing tables or a standby. It is retried until a person has corrected them.
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
    [...workers, sweep, claimKeeper, queueMetrics, carryOutOperations({ db, relay, faults: faults.operations })],
    admin.readiness,
  ]);
  return { ...service, admin, processId };
}

/**
 * Longest wait for a statement, in ms. Then the statement runs again on another connection, because this one may have silently
 * died. Every statement of a worker is safe to run twice.
 */
const queryTimeoutMs = 15_000;

function connect(name: string, { database }: WorkerProcessConfig, logger: Logger): Database {
  const onIdleError = (error: Error): void => {
    if (!isDatabaseAway(error)) logger.warn({ err: error }, 'A connection to PostgreSQL broke');
  };
  return createDatabase({ ...database, applicationName: name, preparesStatements: true, queryTimeoutMs, onIdleError });
}

/** A service that needs no start, but must be closed in its turn. */
const closing = (name: string, stop: () => Promise<void>): Service => createService({ name, start: async () => undefined, stop });

/**
 * Measures queues at each scrape: their depth in BullMQ, and the longest wait of a job in the ledger.
 *
 * @param oldestWaits - returns the longest waits by queue, in ms; undefined while the ledger is away, so that no scrape waits for
 * it
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
