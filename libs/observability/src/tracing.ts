import type { Attributes } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { defaultResource, envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { IncomingMessage } from 'node:http';

/**
 * Makes the tracer. Endpoint, protocol (`http/protobuf`, `http/json`, `grpc`), headers, sampler and batching come from the
 * `OTEL_*` variables, which the SDK reads itself. Whatever happens without a cause (idle polling, probes) makes no span.
 */
export function createTracing(service: string): NodeSDK {
  return new NodeSDK({
    serviceName: service,
    resource: defaultResource().merge(resourceFromAttributes({ 'service.namespace': 'orderly' })),
    // Not the process detector: it tells the command line and the user.
    resourceDetectors: [hostDetector, envDetector],
    // An exporter of metrics or logs would be the SDK's default; metrics are read by Prometheus, logs are lines on stdout.
    metricReaders: [],
    logRecordProcessors: [],
    spanLimits: { attributeValueLengthLimit: 1024, attributeCountLimit: 64, eventCountLimit: 16, linkCountLimit: 128 },
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => /^\/(livez|readyz|metrics)(\?|$)/.test(url ?? ''),
        requireParentforOutgoingSpans: true,
        requestHook: (span, request) => {
          // Filters of a list may be a customer's address, and the peer's address is personal too.
          if (!(request instanceof IncomingMessage)) return;
          if (request.url?.includes('?')) span.setAttribute('url.query', 'REDACTED');
          span.setAttributes({ 'client.address': 'REDACTED', 'network.peer.address': 'REDACTED' });
        },
      }),
      new UndiciInstrumentation({ requireParentforSpans: true, startSpanHook: withoutQuery }),
      new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true }),
      new IORedisInstrumentation({ requireParentSpan: true, dbStatementSerializer: (command) => command }),
    ],
  });
}

/** A partner's URL may carry a secret behind its question mark. */
const withoutQuery = ({ origin, path }: { origin: string; path: string }): Attributes => ({
  'url.full': `${origin}${path.split('?')[0]}`,
  'url.query': '',
});
