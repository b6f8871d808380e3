import { eventually, startOtlpStub, testDatabaseUrl, testRedisUrl, type CollectedSpan, type OtlpStub } from '@orderly/testing';
import { buildSync } from 'esbuild';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

// Within the workspace, because npm packages stay outside of the bundles: hooks do not see bundled modules.
const parentFolder = join(__dirname, '../../../node_modules/.cache');
mkdirSync(parentFolder, { recursive: true });
const folder = mkdtempSync(join(parentFolder, 'orderly-telemetry-'));
const fixtures = join(__dirname, 'fixtures');
const children: ChildProcess[] = [];
let collector: OtlpStub;

beforeAll(async () => {
  buildSync({
    entryPoints: [join(fixtures, 'process.ts'), join(fixtures, 'instrumentation.ts')],
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['@opentelemetry/*', 'pino', 'pg', 'ioredis'],
    logLevel: 'error',
  });
  collector = await startOtlpStub();
});
afterEach(() => collector.clear());
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await collector.stop();
  rmSync(folder, { recursive: true });
});

const run = async (env: Record<string, string>) => {
  const child = spawn(process.execPath, ['--require', join(folder, 'instrumentation.cjs'), join(folder, 'process.cjs')], {
    env: { DATABASE_URL: testDatabaseUrl(), REDIS_URL: testRedisUrl(), OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(child);
  const exited = once(child, 'exit');
  const [port] = (await once(child.stdout, 'data')) as [Buffer];
  const get = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port.toString().trim()}${path}`, { headers })).text();
  return {
    get,
    stop: async () => {
      await get('/stop').catch(() => undefined);
      await exited;
    },
  };
};

const traceId = '0af7651916cd43dd8448eb211c80319c';
const headers = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: 'vendor=1' };

describe('with an OTLP endpoint', () => {
  const spans = new Map<string, CollectedSpan>();
  let all: CollectedSpan[] = [];

  beforeAll(async () => {
    const sample = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
    await sample.get('/livez');
    await sample.get('/readyz');
    await sample.get('/v1/events/e-1?email=ann@example.com', headers);
    await sample.get('/job');
    await sample.stop();
    all = await eventually(() => {
      expect(collector.spans().map(({ name }) => name)).toContain('process order-sync');
      return collector.spans();
    });
    for (const span of all) spans.set(span.name, span);
  });
  const span = (name: string): CollectedSpan => {
    const found = spans.get(name);
    if (!found) throw new Error(`No span ${name} among ${[...spans.keys()].join(', ')}`);
    return found;
  };

  it('makes one trace of the request, its queries and the job that ran later', () => {
    const request = span('GET /v1/events/:id');
    const create = span('create order-sync');
    const process = span('process order-sync');
    expect(request).toMatchObject({ service: 'sample', traceId, parentSpanId: 'b7ad6b7169203331', kind: 2 });
    expect(all.find(({ scope }) => scope.endsWith('instrumentation-pg'))).toMatchObject({
      parentSpanId: request.spanId,
      kind: 3,
    });
    expect(create).toMatchObject({ traceId, parentSpanId: request.spanId, kind: 4 });
    expect(span('set')).toMatchObject({ traceId, parentSpanId: create.spanId });
    expect(process).toMatchObject({ traceId, parentSpanId: create.spanId, kind: 5 });
    expect(process.links).toEqual([expect.objectContaining({ traceId, spanId: create.spanId })]);
    expect(all.find(({ scope }) => scope.endsWith('instrumentation-undici'))).toMatchObject({
      traceId,
      parentSpanId: process.spanId,
    });
  });

  it('marks the failed job with its code, and nothing else', () => {
    expect(span('process order-sync')).toMatchObject({ status: { code: 2 }, attributes: { 'error.type': 'destination-failed' } });
    expect(all.filter(({ status }) => status.code === 2)).toHaveLength(1);
  });

  it('creates no span for probes, or for queries without a request or job', () => {
    const roots = all.filter(({ parentSpanId }) => parentSpanId === undefined).map(({ attributes }) => attributes['url.path']);
    expect(roots).toEqual(['/job']);
  });

  it('puts no personal data into a span', () => {
    expect(JSON.stringify(all)).not.toContain('ann@');
    for (const { attributes } of all) expect(attributes['client.address'] ?? 'REDACTED').toBe('REDACTED');
  });
});

describe('without an OTLP endpoint', () => {
  it('still measures, exports nothing, and passes the context of the caller on unchanged', async () => {
    const sample = await run({});
    await sample.get('/v1/events/e-1', headers);
    expect(JSON.parse(await sample.get('/stored'))).toEqual(headers);
    expect(await sample.get('/metrics')).toContain('orderly_relay_added_total{queue="order-status"} 1');
    await sample.stop();
    expect(collector.spans()).toEqual([]);
  });

  it('stays off despite an endpoint if the SDK is disabled', async () => {
    const sample = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_SDK_DISABLED: 'true' });
    await sample.get('/v1/events/e-1', headers);
    await sample.stop();
    expect(collector.spans()).toEqual([]);
  });
});

describe('with a collector that never answers', () => {
  it('the process stops before the collector would time out', async () => {
    const sockets: Socket[] = [];
    const blackHole = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(blackHole, 'listening');
    const { port } = blackHole.address() as AddressInfo;
    const sample = await run({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    await sample.get('/v1/events/e-1');
    const startedAt = performance.now();
    await sample.stop();
    expect(performance.now() - startedAt).toBeLessThan(9000);
    for (const socket of sockets) socket.destroy();
    blackHole.close();
  });
});
