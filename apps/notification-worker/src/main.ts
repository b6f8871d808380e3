import { loadTemplates } from '@orderly/messaging';
import { createLogger, getTelemetry } from '@orderly/observability';
import { runMain, runService } from '@orderly/runtime';
import { join } from 'node:path';
import { buildApp } from './app';
import { loadNotificationWorkerConfig } from './config';
import { readAlerts } from './read-alerts';

runMain(async () => {
  const config = loadNotificationWorkerConfig(process.env);
  const alerts = await readAlerts(config.alerts, process.env);
  const logger = createLogger({ service: 'notification-worker', level: config.log.level });
  const telemetry = getTelemetry();
  // The build puts them beside the bundle.
  const templates = loadTemplates(join(__dirname, 'templates'));
  const app = buildApp(config, { logger, templates, alerts, metricsText: () => telemetry.metricsText() });
  await runService(app, { shutdownTimeoutMs: config.shutdown.timeoutMs, logger, onExit: () => telemetry.shutdown() });
});
