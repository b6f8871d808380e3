import type { Environment } from '@orderly/config';
import { createLogger, getTelemetry } from '@orderly/observability';
import { runService } from '@orderly/runtime';
import { buildApp } from '../app';
import { loadCleanupCronConfig } from '../config';

/** Runs each task when it is due, until the process is told to stop. */
export async function serve(env: Environment): Promise<void> {
  const config = loadCleanupCronConfig(env);
  const logger = createLogger({ service: 'cleanup-cron', level: config.log.level });
  const telemetry = getTelemetry();
  const app = buildApp(config, { logger, metricsText: telemetry.metricsText });
  await runService(app, { shutdownTimeoutMs: config.shutdown.timeoutMs, logger, onExit: telemetry.shutdown });
}
