export { createLogger, type Logger, type LoggerOptions } from './logger';
export { withLogContext, type LogContext } from './log-context';
export { redact, redactText } from './redact';
export { getTelemetry, startTelemetry, type Telemetry, type TelemetryOptions } from './telemetry';
export { metrics } from './metrics';
export {
  type Counter,
  type Gauge,
  type Histogram,
  type Labels,
  type MetricDefinition,
  type Observation,
  type ObservedGauge,
} from './instruments';
export {
  currentTraceContext,
  traceContextFromHeaders,
  traceIdOf,
  withoutParent,
  withRemoteParent,
  type TraceContext,
} from './trace-context';
export { inSpan, markSpanFailed, openSpan, setHttpRoute, type OpenSpan, type SpanOptions } from './spans';
export { createSparseLog } from './sparse-log';
export { createFaultLog, type FaultLog } from './fault-log';
