import { SpanStatusCode, trace, type Attributes, type Span, type TracerProvider } from '@opentelemetry/api';
import { applyOrderEvent, syncOrder } from '@orderly/contracts';
import { PermanentError, RetryableError, ShutdownError } from '@orderly/errors';
import { createSoloGate, done, type ApplyJob, type ApplyResult, type JobHandler } from '@orderly/jobs';
import { createLogger } from '@orderly/observability';
import { applyJob } from './apply-job';
import { bindJob } from './bind-job';
import { runJob } from './run-job';
import { createFakeLedger, livingProcess } from './testing';

type RecordedSpan = { name: string; attributes: Attributes; status?: SpanStatusCode; hasEnded: boolean };

const spans: RecordedSpan[] = [];

// The part of the OpenTelemetry API that the code under test calls.
const recording = {
  getTracer: () => ({
    startSpan: (name: string, { attributes = {} }: { attributes?: Attributes } = {}) => {
      const recorded: RecordedSpan = { name, attributes: { ...attributes }, hasEnded: false };
      spans.push(recorded);
      const span: Partial<Span> = {
        setStatus: ({ code }) => {
          recorded.status = code;
          return span as Span;
        },
        setAttribute: (key, value) => {
          recorded.attributes[key] = value;
          return span as Span;
        },
        spanContext: () => ({ traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }),
        end: () => void (recorded.hasEnded = true),
      };
      return span;
    },
  }),
} as unknown as TracerProvider;

beforeAll(() => trace.setGlobalTracerProvider(recording));
afterEach(() => spans.splice(0));
afterAll(() => trace.disable());

/** The span of a job that needs no claim. */
async function spanOfApplied(result: ApplyResult): Promise<RecordedSpan> {
  const fake = createFakeLedger();
  const apply: ApplyJob = async ({ jobId, begin }) => {
    const job = { id: jobId, name: 'apply-order-event', orderId: 'A-1', attemptsUsed: 0, waitMs: 5 };
    const context = begin?.({ ...job, traceparent: null, tracestate: null });
    // A transaction that is repeated has the same span.
    expect(begin?.({ ...job, traceparent: null, tracestate: null })).toEqual(context);
    expect(context?.traceparent).toBe('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    return result;
  };
  const logger = createLogger({ service: 'test', level: 'silent' });
  const runner = { queue: 'order-status', ledger: fake.ledger, jobs: {}, gate: createSoloGate(), ...livingProcess(), logger };
  await applyJob(await fake.insert(), { policy: applyOrderEvent.policy, apply }, runner);
  expect(spans).toHaveLength(1);
  return spans[0]!;
}

async function spanOf(handler: JobHandler<typeof syncOrder>): Promise<RecordedSpan> {
  const fake = createFakeLedger();
  await runJob(await fake.insert({ attemptsUsed: 1 }), {
    queue: 'order-sync.erp',
    ledger: fake.ledger,
    jobs: { 'sync-order': bindJob(syncOrder, handler) },
    gate: createSoloGate(),
    ...livingProcess(),
    logger: createLogger({ service: 'test', level: 'silent' }),
  });
  expect(spans).toHaveLength(1);
  return spans[0]!;
}

const failing = (error: unknown) => (): Promise<never> => Promise.reject(error);

describe('the span of an attempt', () => {
  it('is named after the queue, and carries the ids of job and attempt, but no payload', async () => {
    const span = await spanOf(async () => done());
    expect(span).toMatchObject({ name: 'process order-sync.erp', hasEnded: true });
    expect(span.attributes).toEqual({
      'messaging.system': 'bullmq',
      'messaging.operation.name': 'process',
      'messaging.destination.name': 'order-sync.erp',
      'messaging.message.id': expect.any(String),
      'orderly.job.name': 'sync-order',
      'orderly.job.attempt': 2,
      'orderly.job.wait_ms': expect.any(Number),
      'orderly.order.id': 'A-1',
    });
  });

  it.each([
    ['was done', async () => done()],
    ['was handed back', failing(new ShutdownError())],
  ])('is not an error if the attempt %s', async (_name, handler) => {
    expect((await spanOf(handler)).status).toBeUndefined();
  });

  it.each([
    ['failed and is tried again', failing(new RetryableError('destination-failed', 'x')), 'destination-failed'],
    ['failed for good', failing(new PermanentError('destination-refused', 'x')), 'destination-refused'],
    ['failed in an unknown way', failing(new TypeError('x')), 'TypeError'],
  ])('is an error, with the reason, if the attempt %s', async (_name, handler, reason) => {
    const span = await spanOf(handler);
    expect(span.status).toBe(SpanStatusCode.ERROR);
    expect(span.attributes['error.type']).toBe(reason);
  });

  it('begins when a job without a claim is found, and is the parent of its follow-up jobs', async () => {
    const span = await spanOfApplied({ kind: 'parked' });
    expect(span).toMatchObject({ name: 'process order-status', hasEnded: true });
    expect(span.attributes).toMatchObject({ 'orderly.job.name': 'apply-order-event', 'orderly.order.id': 'A-1' });
    expect(span.status).toBeUndefined();
  });

  it('is an error if a job without a claim ended as a dead letter', async () => {
    const span = await spanOfApplied({ kind: 'ended', outcome: 'dead', version: null, code: 'transition-not-allowed' });
    expect(span.status).toBe(SpanStatusCode.ERROR);
    expect(span.attributes['error.type']).toBe('transition-not-allowed');
  });
});
