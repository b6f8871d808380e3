import { loadConfig, type Environment } from '@orderly/config';
import { createLogger, createSparseLog, getTelemetry } from '@orderly/observability';
import { createEngine, createRateLimiter, createRedisFaults, redisPart, watchRedis } from '@orderly/queue';
import { composeServices, runService } from '@orderly/runtime';
import { buildApp } from '../app';
import { serveConfig } from '../config';

/** Serves the API until the process is told to stop. The page that explains it lies in `docsPageFolder`. */
export async function serve(env: Environment, docsPageFolder: string): Promise<void> {
  const config = loadConfig(serveConfig, env);
  const logger = createLogger({ service: 'api-gateway', level: config.log.level });
  const telemetry = getTelemetry();
  const redisFaults = createRedisFaults(logger);
  const engine = createEngine({
    redisUrl: config.redis.url,
    prefix: config.queue.prefix,
    onError: (error) => redisFaults.failed(redisPart, error),
  });
  const onUncounted = createSparseLog<unknown>(
    (error, failures) =>
      logger.warn({ err: error, failures }, 'Redis does not count the requests of keys: this process counts its own'),
    { intervalMs: 60_000 },
  );
  const rateLimiter = createRateLimiter({ redisUrl: config.redis.url, prefix: config.queue.prefix, onError: onUncounted });
  const app = buildApp(config, { logger, engine, metricsText: telemetry.metricsText, rateLimiter, docsPageFolder });
  const watch = watchRedis({ redis: engine.redis, faults: redisFaults });
  await runService(composeServices(app.name, [app, watch]), {
    shutdownTimeoutMs: config.shutdown.timeoutMs,
    logger,
    onExit: telemetry.shutdown,
  });
}
