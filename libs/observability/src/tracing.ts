import type { Attributes } from '@opentelemetry/api';
import { HttpInstrumentation } from '@opentelemetry/instrumentation-http';
import { IORedisInstrumentation } from '@opentelemetry/instrumentation-ioredis';
import { PgInstrumentation } from '@opentelemetry/instrumentation-pg';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import { defaultResource, envDetector, hostDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { IncomingMessage } from 'node:http';

/**
 * Creates the tracer. The SDK reads endpoint, protocol (`http/protobuf`, `http/json`, `grpc`), headers, sampler and batching from
 * the `OTEL_*` variables. Idle polling and probes create no spans.
 */
export function createTracing(service: string): NodeSDK {
  return new NodeSDK({
    serviceName: service,
    resource: defaultResource().merge(resourceFromAttributes({ 'service.namespace': 'orderly' })),
    // Without the process detector, which sends the command line and the user name.
    resourceDetectors: [hostDetector, envDetector],
    // Disables the SDK's default exporters of metrics and logs: Prometheus reads metrics, and logs are lines on stdout.
    metricReaders: [],
    logRecordProcessors: [],
    spanLimits: { attributeValueLengthLimit: 1024, attributeCountLimit: 64, eventCountLimit: 16, linkCountLimit: 128 },
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: ({ url }) => /^\/(livez|readyz|metrics)(\?|$)/.test(url ?? ''),
        requireParentforOutgoingSpans: true,
        requestHook: (span, request) => {
          // The filter of a list may contain a customer's address, and the peer address is personal data, too.
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

/** The query of a partner's URL may contain a secret. */
const withoutQuery = ({ origin, path }: { origin: string; path: string }): Attributes => ({
  'url.full': `${origin}${path.split('?')[0]}`,
  'url.query': '',
});
