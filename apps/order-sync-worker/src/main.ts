import { loadDestinations } from '@orderly/destinations';
import { createLogger, getTelemetry } from '@orderly/observability';
import { runMain, runService } from '@orderly/runtime';
import { buildApp } from './app';
import { loadOrderSyncWorkerConfig } from './config';

runMain(async () => {
  const config = loadOrderSyncWorkerConfig(process.env);
  const logger = createLogger({ service: 'order-sync-worker', level: config.log.level });
  const telemetry = getTelemetry();
  const { destinationsFile } = config.orderSync;
  const destinations = destinationsFile ? await loadDestinations(destinationsFile, process.env) : [];
  const app = buildApp(config, { logger, destinations, metricsText: () => telemetry.metricsText() });
  await runService(app, { shutdownTimeoutMs: config.shutdown.timeoutMs, logger, onExit: () => telemetry.shutdown() });
});
