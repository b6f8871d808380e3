import { context, ROOT_CONTEXT, trace, type SpanContext } from '@opentelemetry/api';
import { TraceState } from '@opentelemetry/core';
import { AsyncLocalStorage } from 'node:async_hooks';

/** A position in a trace, in the form of W3C headers and the ledger's columns. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | null;
}

/** Without the SDK no span is active. The caller's context is then kept here and passed on unchanged. */
const remoteParents = new AsyncLocalStorage<TraceContext>();

/** The context to store with a job or to send to a partner; undefined without a trace. */
export const currentTraceContext = (): TraceContext | undefined => traceContextOf(trace.getSpanContext(context.active()));

/** The context of a span; while nothing is being traced, that of the caller. */
export function traceContextOf(span: SpanContext | undefined): TraceContext | undefined {
  if (span === undefined || !trace.isSpanContextValid(span)) return remoteParents.getStore();
  const flags = span.traceFlags.toString(16).padStart(2, '0');
  return { traceparent: `00-${span.traceId}-${span.spanId}-${flags}`, tracestate: span.traceState?.serialize() };
}

/** Runs `fn` within the given context. A missing or invalid context changes nothing. */
export function withRemoteParent<T>(parent: TraceContext | null | undefined, fn: () => T): T {
  const spanContext = parent ? spanContextOf(parent) : undefined;
  if (parent == null || spanContext === undefined) return fn();
  return remoteParents.run(parent, () => context.with(trace.setSpanContext(context.active(), spanContext), fn));
}

/** Runs `fn` without any context, so that it starts a new trace. */
export const withoutParent = <T>(fn: () => T): T => context.with(ROOT_CONTEXT, () => remoteParents.exit(fn));

/** The context of an HTTP request. Needed if tracing is off; otherwise the server's span is active. */
export function traceContextFromHeaders(
  headers: Readonly<Record<string, string | string[] | undefined>>,
): TraceContext | undefined {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string' || traceIdOf(traceparent) === undefined) return undefined;
  return { traceparent, tracestate: Array.isArray(tracestate) ? tracestate.join(',') : tracestate };
}

/** The trace id within a `traceparent`; undefined if it does not parse. */
export function traceIdOf(traceparent: string | null | undefined): string | undefined {
  return traceparent ? spanContextOf({ traceparent })?.traceId : undefined;
}

/** The position as an OpenTelemetry span context; undefined if it does not parse. */
export function spanContextOf({ traceparent, tracestate }: TraceContext): SpanContext | undefined {
  const [, version, traceId = '', spanId = '', flags = ''] =
    /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})/.exec(traceparent) ?? [];
  const spanContext: SpanContext = {
    traceId,
    spanId,
    traceFlags: Number.parseInt(flags, 16) & 1,
    isRemote: true,
    traceState: tracestate ? new TraceState(tracestate) : undefined,
  };
  // A later version may append fields; ff is forbidden.
  const isKnownForm = version === '00' ? traceparent.length === 55 : version !== 'ff';
  return isKnownForm && trace.isSpanContextValid(spanContext) ? spanContext : undefined;
}
