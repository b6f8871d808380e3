import { context, propagation, trace } from '@opentelemetry/api';
import { channel } from 'node:diagnostics_channel';

/** W3C trace context. */
export type TraceHeaders = { readonly traceparent?: string; readonly tracestate?: string };

const requestCreated = channel('undici:request:create');

/**
 * Runs a request within a trace, and gives it the headers that it has to set itself: none while an instrumentation of
 * undici is active. The instrumentation adds its own without checking, and the partner would get each header twice.
 */
export function withTraceContext<Result>(
  headers: TraceHeaders | undefined,
  run: (headers: Record<string, string>) => Result,
): Result {
  if (!headers?.traceparent) return run({});
  const own = { traceparent: headers.traceparent, ...(headers.tracestate ? { tracestate: headers.tracestate } : {}) };
  if (!requestCreated.hasSubscribers) return run(own);
  if (trace.getActiveSpan()) return run({});
  return context.with(propagation.extract(context.active(), own), () => run({}));
}
