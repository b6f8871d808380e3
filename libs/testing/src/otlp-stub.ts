import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createGunzip } from 'node:zlib';

/** An exported span with the name of its service. Ids are hexadecimal. */
export type CollectedSpan = {
  service: string;
  scope: string;
  name: string;
  traceId: string;
  spanId: string;
  /** Absent on a root span. */
  parentSpanId?: string;
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  kind: number;
  /** 2 is an error. */
  status: { code?: number; message?: string };
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  events: { name: string }[];
};

export type OtlpStub = {
  /** The value for `OTEL_EXPORTER_OTLP_ENDPOINT`. */
  url: string;
  spans(): CollectedSpan[];
  clear(): void;
  stop(): Promise<void>;
};

/**
 * Starts a collector that stores the spans it receives. It accepts JSON over HTTP only: `OTEL_EXPORTER_OTLP_PROTOCOL=http/json`.
 */
export async function startOtlpStub(): Promise<OtlpStub> {
  let spans: CollectedSpan[] = [];
  const server = createServer((request, response) => {
    void bodyOf(request).then(
      (body) => {
        if (request.url === '/v1/traces') spans.push(...spansOf(JSON.parse(body) as TraceExport));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      },
      () => response.writeHead(400).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, spans: () => [...spans], clear: () => void (spans = []), stop: () => closed(server) };
}

type Attribute = { key: string; value: Record<string, unknown> & { arrayValue?: { values?: Attribute['value'][] } } };
type ExportedSpan = Pick<CollectedSpan, 'name' | 'traceId' | 'spanId' | 'parentSpanId' | 'kind'> &
  Partial<Pick<CollectedSpan, 'status' | 'links' | 'events'>> & { attributes?: Attribute[] };
type TraceExport = {
  resourceSpans?: {
    resource?: { attributes?: Attribute[] };
    scopeSpans?: { scope?: { name?: string }; spans?: ExportedSpan[] }[];
  }[];
};

function spansOf({ resourceSpans = [] }: TraceExport): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans = [] }) => {
    const service = valuesOf(resource?.attributes)['service.name'] as string;
    return scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => ({
        ...span,
        service,
        scope: scope?.name ?? '',
        parentSpanId: span.parentSpanId || undefined,
        status: span.status ?? {},
        attributes: valuesOf(span.attributes),
        links: span.links ?? [],
        events: span.events ?? [],
      })),
    );
  });
}

const valuesOf = (attributes: Attribute[] = []): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, valueOf(value)]));

// {stringValue: 'x'}, {intValue: '7'} (a string in JSON), {doubleValue: 1.5}, {boolValue: true}, {arrayValue: {values: […]}}
function valueOf(value: Attribute['value']): unknown {
  if (value.arrayValue) return (value.arrayValue.values ?? []).map(valueOf);
  if (value.intValue !== undefined) return Number(value.intValue);
  return Object.values(value)[0];
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  const stream = request.headers['content-encoding'] === 'gzip' ? request.pipe(createGunzip()) : request;
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function closed(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
