import { OrderChange, OrderPatch, OrderSnapshot } from './order-snapshot';

const customer = { id: 'c1' };

describe('OrderSnapshot', () => {
  it('keeps unknown keys in metadata', () => {
    expect(OrderSnapshot.parse({ customer, channel: 'web' })).toEqual({ customer, metadata: { channel: 'web' } });
  });

  it('prefers a key of the given metadata to an unknown key of the same name', () => {
    expect(OrderSnapshot.parse({ customer, channel: 'web', metadata: { channel: 'app' } })).toEqual({
      customer,
      metadata: { channel: 'app' },
    });
  });

  it('adds no metadata if there are no unknown keys', () => {
    expect(OrderSnapshot.parse({ customer })).toEqual({ customer });
  });

  it('keeps unknown keys of customer and lines where they are', () => {
    const order = {
      customer: { ...customer, tier: 'gold' },
      lines: [{ sku: 's', quantity: 1, unitPriceMinor: 5, colour: 'red' }],
    };
    expect(OrderSnapshot.parse(order)).toEqual(order);
  });

  it.each(['toString', 'constructor', 'hasOwnProperty'])('keeps the unknown key %s in metadata like any other', (key) => {
    expect(OrderSnapshot.parse({ customer, [key]: 'x' })).toEqual({ customer, metadata: { [key]: 'x' } });
  });

  it.each([
    ['a NUL in an address', { customer, shippingAddress: { city: 'a\0' } }],
    ['a NUL in an unknown key', { customer, note: 'a\0b' }],
    ['a lone surrogate in an unknown key', { customer, note: '\ud83d' }],
    ['a NUL in the name of an unknown key', { customer, 'a\0b': 1 }],
    ['a NUL deep in metadata', { customer, metadata: { a: [{ b: 'x\0' }] } }],
    ['a NUL in an unknown key of the customer', { customer: { ...customer, note: 'a\0b' } }],
    ['a NUL in an unknown key of a line', { customer, lines: [{ sku: 's', quantity: 1, unitPriceMinor: 5, note: '\0' }] }],
  ])('refuses %s, because PostgreSQL could not store it', (_what, order) => {
    expect(OrderSnapshot.safeParse(order).success).toBe(false);
  });

  it('returns the position of text that cannot be stored', () => {
    const { error } = OrderSnapshot.safeParse({ customer, note: [{ text: 'a\0' }] });
    expect(error?.issues[0]?.path).toEqual(['note', 0, 'text']);
  });

  it('refuses deeply nested data instead of exhausting the stack', () => {
    const note: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
    expect(OrderSnapshot.safeParse({ customer, note }).success).toBe(false);
  });
});

describe('OrderPatch', () => {
  it('accepts null, which removes a key', () => {
    expect(OrderPatch.parse({ totalMinor: null })).toEqual({ totalMinor: null });
  });

  it('moves unknown keys into metadata', () => {
    expect(OrderPatch.parse({ channel: 'app' })).toEqual({ metadata: { channel: 'app' } });
  });
});

describe('OrderChange', () => {
  it('accepts null only as the status before the first change', () => {
    const change = { from: null, to: 'pending', at: '2024-05-01T10:00:00.000Z' };
    expect(OrderChange.parse(change)).toEqual(change);
    expect(OrderChange.safeParse({ ...change, to: null }).success).toBe(false);
  });
});
