import { startTelemetry } from '@orderly/observability';

// Preloaded with --require: hooks only see modules that are loaded after them.
startTelemetry({ service: 'api-gateway', env: process.env });
