import { createDatabase, createDatabaseFaultLog, type Database, watchPool } from '@orderly/database';
import { createFindApiKey, createIntake, createLastUse } from '@orderly/ledger';
import { createSparseLog, type Logger, metrics } from '@orderly/observability';
import { createRelay, createRelayFaults, type BullEngine, type RateLimiter } from '@orderly/queue';
import {
  composeServices,
  createAdminServer,
  createService,
  settlesWithin,
  type ReadinessCheck,
  type Service,
} from '@orderly/runtime';
import type { AppConfig } from './config';
import { createHttpServer } from './http/http-server';
import { createHttpService } from './http/http-service';
import { addRoutes } from './routes/routes';
import { logUnsetPlatforms } from './routes/webhooks/log-unset-platforms';
import { shedLoad } from './pressure/shed-load';
import { watchIntrusions } from './watch-intrusions';
import { watchUnservedQueues } from './watch-unserved-queues';
import { ledgerDeadlineMs, orUnavailable } from './http/or-unavailable';

/** What the app needs besides its configuration. Tests pass their own. */
export interface AppDependencies {
  readonly logger: Logger;
  /** The app closes it. */
  readonly engine: Pick<BullEngine, 'add' | 'release' | 'close'>;
  /** Returns the body of `/metrics`, in Prometheus' text format. */
  readonly metricsText: () => Promise<string>;
  /** The app closes it. */
  readonly rateLimiter: RateLimiter;
  /** See `createHttpServer`. */
  readonly requestTimeoutMs?: number;
  /** Contains the files of the reference page. */
  readonly docsPageFolder: string;
}

export interface GatewayApp extends Service {
  /** The address of the API. Available only while the app runs. */
  url(): URL;
  adminUrl(): URL;
}

/** How long jobs that wait for a slow engine may delay the shutdown, in ms. The sweep finds the rest. */
const drainTimeoutMs = 2000;

/**
 * Builds the api-gateway: the HTTP API, the relay and the admin port. Services start in the order of the list and stop in
 * reverse, so the API stops before the parts that it uses.
 */
export function buildApp(
  config: AppConfig,
  { logger, engine, metricsText, rateLimiter, docsPageFolder, requestTimeoutMs }: AppDependencies,
): GatewayApp {
  const db = createDatabase({
    ...config.database,
    applicationName: 'api-gateway',
    connectTimeoutMs: ledgerDeadlineMs,
    queryTimeoutMs: ledgerDeadlineMs,
    onIdleError: (error) => logger.warn({ err: error }, 'A connection to PostgreSQL broke'),
  });
  const poolPressure = watchPool(db);
  const relayFaults = createRelayFaults(logger);
  const relay = createRelay(
    engine,
    (error, jobs) => relayFaults.failed('relay', error, jobs),
    () => relayFaults.works('relay'),
  );
  const intake = createIntake(db, {
    maxWaiting: config.overload.intakeWaiting || undefined,
    maxWaitMs: config.overload.intakeWaitMs || undefined,
    onBatch: (size) => metrics.coalescedBatchSize.record(size, { operation: 'intake' }),
  });
  const webhooks = { secrets: config.webhookSecrets, shopifyShops: config.shopifyShops.names };
  logUnsetPlatforms(logger, webhooks);
  const lastUse = createLastUse(db, { onError: createLastUseLog(logger) });
  const intrusions = watchIntrusions(db, { logger, perMinute: config.intrusion.refusalsPerMinute });
  const api = createHttpServer({
    logger,
    requestTimeoutMs,
    shedLoad: (app) => shedLoad(app, { thresholds: config.overload, poolPressure, intakeWaitMs: intake.longestWaitMs }),
    addRoutes: (app) =>
      addRoutes(app, {
        db,
        admission: {
          findApiKey: createFindApiKey(db),
          rateLimiter,
          lastUse,
          onWrongKey: () => intrusions.note('wrong-api-keys', 'api'),
        },
        intake,
        idempotency: config.idempotency,
        relay,
        release: (queue) => engine.release(queue),
        docsPageFolder,
        logger,
        webhooks,
        onForgery: (platform) => intrusions.note('forged-webhooks', platform),
      }),
  });
  const http = createHttpService(api, config.http);
  const ready = createReadiness(db, createDatabaseFaultLog(logger, { consequence: 'api-gateway is not ready' }));
  const admin = createAdminServer({ ...config.admin, live: () => true, ready, metrics: metricsText });

  const service = composeServices('api-gateway', [
    admin,
    // Checks once at start-up, so that a wrong set-up is logged even if nothing polls the readiness.
    createService({ name: 'database', start: async () => void ready(), stop: () => db.close() }),
    resource('last use of keys', () => lastUse.stop()),
    resource('rate limiter', async () => rateLimiter.close()),
    resource('relay', async () => {
      await settlesWithin(relay.idle(), drainTimeoutMs);
      await engine.close();
    }),
    watchUnservedQueues(db, logger),
    intrusions,
    http,
    admin.readiness,
  ]);
  return { ...service, url: () => http.url(), adminUrl: () => admin.address() };
}

const resource = (name: string, close: () => Promise<void>): Service =>
  createService({ name, start: async () => undefined, stop: close });

/**
 * Ready after the ledger was reached for the first time, and from then on. If all gateways became unready during an outage,
 * clients would get connection errors instead of a 503 with Retry-After.
 *
 * @param explain - logs why the ledger was not reached
 */
function createReadiness(db: Database, explain: (error: unknown) => void): () => Promise<readonly ReadinessCheck[]> {
  let wasReached = false;
  const reach = (): Promise<boolean> =>
    db.query(writeNothing).then(
      () => true,
      (error: unknown) => {
        explain(error);
        return false;
      },
    );
  return async () => {
    wasReached ||= await orUnavailable(reach()).catch(() => false);
    return [{ name: 'postgresql', ok: wasReached, detail: wasReached ? undefined : 'not reached yet: the log says why' }];
  };
}

/** Writes no row, but fails on a standby, without write permission, and without the schema. */
const writeNothing = 'insert into event_keys select * from event_keys where false';

function createLastUseLog(logger: Logger): (error: unknown) => void {
  return createSparseLog((error, failures) =>
    logger.warn({ err: error, failures }, 'Could not store when API keys were last used; will try again'),
  );
}
