import { startTelemetry } from '@orderly/observability';

// Preloaded with --require: the hooks only see modules that are loaded later.
startTelemetry({ service: 'cleanup-cron', env: process.env });
