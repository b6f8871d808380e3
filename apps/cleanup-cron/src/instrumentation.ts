import { startTelemetry } from '@orderly/observability';

// Preloaded with --require: hooks only see modules that are loaded after them.
startTelemetry({ service: 'cleanup-cron', env: process.env });
