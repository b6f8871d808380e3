import { loadDestinations } from '@orderly/destinations';
import { createLogger, getTelemetry } from '@orderly/observability';
import { runMain, runService } from '@orderly/runtime';
import { buildApp } from './app';
import { loadStatusWorkerConfig } from './config';

runMain(async () => {
  const config = loadStatusWorkerConfig(process.env);
  const logger = createLogger({ service: 'status-worker', level: config.log.level });
  const telemetry = getTelemetry();
  const { destinationsFile } = config.orderSync;
  // Only names, events and modes matter here: the secrets stay with order-sync-worker.
  const destinations = destinationsFile ? await loadDestinations(destinationsFile, process.env, { resolveSecrets: false }) : [];
  const app = buildApp(config, { logger, destinations, metricsText: () => telemetry.metricsText() });
  await runService(app, { shutdownTimeoutMs: config.shutdown.timeoutMs, logger, onExit: () => telemetry.shutdown() });
});
