import { context, SpanKind, SpanStatusCode, trace, type Attributes, type Link, type Span } from '@opentelemetry/api';
import { getRPCMetadata } from '@opentelemetry/core';
import { isAppError } from '@orderly/errors';
import { spanContextOf, traceContextOf, withoutParent, withRemoteParent, type TraceContext } from './trace-context';

export interface SpanOptions {
  /** @defaultValue internal */
  readonly kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  /** No personal data, no payloads: traces are read by many. */
  readonly attributes?: Attributes;
  /** @defaultValue what is active; null starts a trace of its own */
  readonly parent?: TraceContext | null;
  /** Other places that caused this, such as the attempt before or the jobs of a batch. */
  readonly links?: readonly (TraceContext | null | undefined)[];
}

const spanKinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

/** Runs `fn` within a span. If it throws, and only then, the span is red; the error passes through. */
export async function inSpan<T>(
  name: string,
  { kind = 'internal', attributes, parent, links = [] }: SpanOptions,
  fn: (span: Span) => T | Promise<T>,
): Promise<T> {
  const run = async (): Promise<T> => {
    const outer = context.active();
    const span = trace
      .getTracer('orderly')
      .startSpan(name, { kind: spanKinds[kind], attributes, links: links.flatMap(linkTo) }, outer);
    try {
      return await context.with(trace.setSpan(outer, span), fn, undefined, span);
    } catch (error) {
      markSpanFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  };
  return parent === null ? withoutParent(run) : withRemoteParent(parent, run);
}

/** A span that its caller ends. */
export interface OpenSpan {
  readonly span: Span;
  /** Where in which trace it is; undefined if nothing is being traced. */
  readonly place: TraceContext | undefined;
}

/**
 * Starts a span that is not active: for work whose parent is found out only while it is done.
 *
 * @param startedAt - when the work began
 */
export function openSpan(name: string, { kind = 'internal', attributes, parent }: SpanOptions, startedAt: Date): OpenSpan {
  const open = (): OpenSpan => {
    const options = { kind: spanKinds[kind], attributes, startTime: startedAt };
    const span = trace.getTracer('orderly').startSpan(name, options, context.active());
    return { span, place: traceContextOf(span.spanContext()) };
  };
  return withoutParent(() => withRemoteParent(parent, open));
}

/** Makes a span red for a failure that was handled, such as an attempt's that ended in the ledger. */
export function markSpanFailed(span: Span, error: unknown): void {
  // The message may name people; the log has it, redacted.
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', isAppError(error) ? error.code : error instanceof Error ? error.name : 'unknown');
}

/** Names the route of the request being served, so that its span and its metric are per route, not per URL. */
export function setHttpRoute(route: string): void {
  const metadata = getRPCMetadata(context.active());
  if (metadata) metadata.route = route;
}

const linkTo = (place: TraceContext | null | undefined): Link[] => {
  const spanContext = place ? spanContextOf(place) : undefined;
  return spanContext === undefined ? [] : [{ context: spanContext }];
};
