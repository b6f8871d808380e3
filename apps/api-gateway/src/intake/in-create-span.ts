import { queueNames } from '@orderly/contracts';
import {
  currentTraceContext,
  inSpan,
  traceContextFromHeaders,
  type SpanOptions,
  type TraceContext,
} from '@orderly/observability';
import type { Span } from '@opentelemetry/api';
import type { IncomingHttpHeaders } from 'node:http';

/** The trace context of stored events, for the columns of the ledger. */
export interface TraceColumns {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/**
 * Stores events within a span of its own. The spans of their jobs continue from it. If tracing is off, the producer's context is
 * stored unchanged, so that its trace still reaches the destinations.
 */
export async function inCreateSpan<Result>(
  attributes: SpanOptions['attributes'],
  headers: IncomingHttpHeaders,
  store: (trace: TraceColumns, span?: Span) => Promise<Result>,
): Promise<Result> {
  if (currentTraceContext() === undefined) return store(traceColumns(traceContextFromHeaders(headers)));
  return inSpan(
    `create ${queueNames.orderStatus}`,
    {
      kind: 'producer',
      attributes: {
        'messaging.system': 'bullmq',
        'messaging.operation.type': 'create',
        'messaging.operation.name': 'create',
        'messaging.destination.name': queueNames.orderStatus,
        ...attributes,
      },
    },
    (span) => store(traceColumns(currentTraceContext()), span),
  );
}

/** W3C Trace Context asks for at least 512 characters; longer values are dropped rather than stored. */
const maxTraceLength = 512;

const traceColumns = (trace: TraceContext | undefined): TraceColumns => ({
  traceparent: trace && trace.traceparent.length <= maxTraceLength ? trace.traceparent : null,
  tracestate: trace?.tracestate && trace.tracestate.length <= maxTraceLength ? trace.tracestate : null,
});
