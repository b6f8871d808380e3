import { startTelemetry } from '@orderly/observability';

startTelemetry({ service: 'api-gateway', env: process.env });
