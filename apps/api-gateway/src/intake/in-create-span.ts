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

/** Where in which trace events were taken in, as the ledger's columns have it. */
export interface TraceColumns {
  readonly traceparent: string | null;
  readonly tracestate: string | null;
}

/**
 * Runs what stores events in a span of its own, where their jobs' spans will continue. Where tracing is off, what the producer
 * sent travels on unchanged.
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

/** Longer ones are no W3C headers any more. */
const maxTraceLength = 512;

const traceColumns = (trace: TraceContext | undefined): TraceColumns => ({
  traceparent: trace && trace.traceparent.length <= maxTraceLength ? trace.traceparent : null,
  tracestate: trace?.tracestate && trace.tracestate.length <= maxTraceLength ? trace.tracestate : null,
});
