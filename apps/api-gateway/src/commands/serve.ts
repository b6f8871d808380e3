import { loadConfig, type Environment } from '@orderly/config';
import { createLogger, createSparseLog, getTelemetry } from '@orderly/observability';
import { createEngine, createRateLimiter, createRedisFaults, redisPart, watchRedis } from '@orderly/queue';
import { composeServices, runService } from '@orderly/runtime';
import { buildApp } from '../app';
import { serveConfig } from '../config';

/**
 * Serves the API until the process receives a stop signal.
 *
 * @param docsPageFolder - the folder of the page at `/docs`
 */
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
      logger.warn(
        { err: error, failures },
        'Redis cannot count requests per key: each gateway counts its own until Redis is back',
      ),
    // Without Redis every request fails here: one line a minute is enough.
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
