import { createTestDatabase, eventually, startOtlpStub, type CollectedSpan, type OtlpStub } from '@orderly/testing';
import { endAfterAll } from './end-after-all';
import { makeOrderLives } from './order-lives';
import { Stack } from './stack';
import { StackClient } from './stack-client';

const red = 2;
const exportDelayMs = 200;

describe('the trace of an event through all services', () => {
  let stack: Stack;
  let client: StackClient;
  const atTheEnd = endAfterAll();
  let collector: OtlpStub;
  let spans: CollectedSpan[];
  let seen = -1;

  beforeAll(async () => {
    const database = await createTestDatabase();
    collector = await startOtlpStub();
    atTheEnd(() => collector.stop());
    stack = await Stack.start({
      environment: {
        DATABASE_URL: database.url,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
        OTEL_BSP_SCHEDULE_DELAY: String(exportDelayMs),
      },
    });
    atTheEnd(() => stack.stop());
    client = await StackClient.connect(stack.ready);
    atTheEnd(() => client.close());
    await client.behave('wms', { mode: 'failing', count: 1 });
    const [event] = makeOrderLives({ prefix: 'traced', count: 1 }).events;
    expect((await client.post(event!, 'traced')).status).toBe(202);
    await client.untilEnded('traced');
    spans = await untilWhole();
  });

  it('is a single trace over four services', () => {
    expect(new Set(spans.map(({ service }) => service))).toEqual(
      new Set(['api-gateway', 'status-worker', 'order-sync-worker', 'notification-worker']),
    );
  });

  it('has the request as its only root, and the parents of all other spans', () => {
    const ids = new Set(spans.map(({ spanId }) => spanId));
    const withoutParent = spans.filter(({ parentSpanId }) => parentSpanId === undefined || !ids.has(parentSpanId));
    expect(withoutParent).toMatchObject([{ service: 'api-gateway', kind: 2 }]);
    expect(withoutParent[0]!.parentSpanId).toBeUndefined();
  });

  it('leads from the request through the event to the call of each partner and to the message', () => {
    const paths = spans
      .filter(({ name }) => name.startsWith('process '))
      .map((span) => [span.name, ancestorsOf(span).map(({ service }) => service)]);
    const names = paths.map(([name]) => name);
    expect(new Set(names)).toEqual(
      new Set(['process order-status', 'process order-sync.erp', 'process order-sync.wms', 'process notifications']),
    );
    for (const [name, services] of paths) {
      expect((services as string[]).at(-1)).toBe('api-gateway');
      if (name !== 'process order-status') expect(services).toContain('status-worker');
    }
    const calls = spans.filter(({ kind, attributes }) => kind === 3 && attributes['http.request.method'] === 'PUT');
    expect(calls).toHaveLength(3); // erp once, wms twice
    for (const call of calls) expect(ancestorsOf(call)[0]).toMatchObject({ service: 'order-sync-worker' });
  });

  it('shows a failed attempt as an error, and the next one without', () => {
    const attempts = spans.filter(({ name }) => name === 'process order-sync.wms');
    expect(attempts.map(({ status }) => status.code === red).sort()).toEqual([false, true]);
    expect(spans.filter(({ name }) => name === 'process order-sync.erp').map(({ status }) => status.code === red)).toEqual([
      false,
    ]);
  });

  it('does not start in idle services', async () => {
    await client.untilNothingIsOpen();
    await eventually(() => expect(isQuiet()).toBe(true), { intervalMs: 3 * exportDelayMs });
    collector.clear();
    // Long enough for several runs of each timer: heartbeat and sweep run once a second.
    const until = Date.now() + 5_000;
    await eventually(
      () => {
        expect(collector.spans().map(({ service, name }) => `${service}: ${name}`)).toEqual([]);
        expect(Date.now()).toBeGreaterThan(until);
      },
      { intervalMs: 250 },
    );
  });

  /** Whether no span has arrived since the last look. */
  function isQuiet(): boolean {
    const before = seen;
    seen = collector.spans().length;
    return seen === before;
  }

  function ancestorsOf(span: CollectedSpan): CollectedSpan[] {
    const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
    return parent === undefined ? [] : [parent, ...ancestorsOf(parent)];
  }

  /** Waits until no more spans arrive, and returns those of the trace that the POST of an event has started. */
  async function untilWhole(): Promise<CollectedSpan[]> {
    let last = -1;
    return eventually(
      () => {
        const all = collector.spans();
        const isOfOrders = (name: string): boolean => name.startsWith('process ') && name !== 'process maintenance';
        const traces = new Set(all.filter(({ name }) => isOfOrders(name)).map(({ traceId }) => traceId));
        const [traceId] = traces;
        const found = all.filter((span) => span.traceId === traceId);
        const isWhole = found.length === last && found.some(({ service }) => service === 'notification-worker');
        last = found.length;
        expect({ traces: traces.size, isWhole }).toEqual({ traces: 1, isWhole: true });
        return found;
      },
      { intervalMs: 2 * exportDelayMs },
    );
  }
});
