import { currentTraceContext, traceContextFromHeaders, traceIdOf, withoutParent, withRemoteParent } from './trace-context';
import { inSpan } from './spans';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const traceparent = `00-${traceId}-b7ad6b7169203331-01`;

describe('with tracing off', () => {
  it('passes the context of the caller through spans and awaits unchanged', async () => {
    const parent = { traceparent, tracestate: 'vendor=1' };
    await withRemoteParent(parent, async () => {
      await Promise.resolve();
      expect(currentTraceContext()).toEqual(parent);
      await inSpan('create order-sync', { kind: 'producer' }, () => expect(currentTraceContext()).toEqual(parent));
    });
    await inSpan('process order-sync', { parent }, () => expect(currentTraceContext()).toEqual(parent));
    expect(currentTraceContext()).toBeUndefined();
  });

  it('drops the context where a new trace starts', async () => {
    await withRemoteParent({ traceparent }, async () => {
      await inSpan('send order-sync', { parent: null }, () => expect(currentTraceContext()).toBeUndefined());
      withoutParent(() => expect(currentTraceContext()).toBeUndefined());
    });
  });

  it.each([null, undefined, { traceparent: 'nonsense' }])('treats %j as no context', (parent) => {
    expect(withRemoteParent(parent, currentTraceContext)).toBeUndefined();
  });

  it('returns the result of the function and rethrows its error', async () => {
    await expect(inSpan('x', {}, () => 42)).resolves.toBe(42);
    await expect(
      inSpan('x', {}, () => {
        throw new TypeError('no');
      }),
    ).rejects.toThrow(TypeError);
  });
});

describe('traceIdOf', () => {
  it('reads the trace id, including later versions with more fields', () => {
    expect(traceIdOf(traceparent)).toBe(traceId);
    expect(traceIdOf(`01-${traceId}-b7ad6b7169203331-01-more`)).toBe(traceId);
  });

  it.each([
    null,
    '',
    'x',
    `ff-${traceId}-b7ad6b7169203331-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-b7ad6b7169203331-01`,
    `${traceparent}-more`,
  ])('refuses %j', (text) => {
    expect(traceIdOf(text)).toBeUndefined();
  });
});

describe('traceContextFromHeaders', () => {
  it('accepts a valid context and joins a tracestate of several headers', () => {
    expect(traceContextFromHeaders({ traceparent, tracestate: ['a=1', 'b=2'] })).toEqual({ traceparent, tracestate: 'a=1,b=2' });
  });

  it('ignores an invalid context of a caller', () => {
    expect(traceContextFromHeaders({ traceparent: '00-x', tracestate: 'a=1' })).toBeUndefined();
    expect(traceContextFromHeaders({})).toBeUndefined();
  });
});
