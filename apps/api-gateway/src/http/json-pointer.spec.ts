import { jsonPointer } from './json-pointer';

describe('jsonPointer', () => {
  it('points to the whole, to a field, and into a list', () => {
    expect(jsonPointer([])).toBe('#');
    expect(jsonPointer(['data', 'lines', 0, 'sku'])).toBe('#/data/lines/0/sku');
  });

  it('escapes what has a meaning in pointers and in URLs', () => {
    expect(jsonPointer(['a/b', 'c~d', 'e f', 'ü'])).toBe('#/a~1b/c~0d/e%20f/%C3%BC');
  });

  it('bears keys that no URL can hold, and cuts long ones', () => {
    expect(jsonPointer(['\ud800'])).toBe('#/%EF%BF%BD');
    expect(jsonPointer(['x'.repeat(1_000_000)])).toHaveLength(102);
  });

  it('points to what is around a place that lies under many long keys', () => {
    const path = ['data', ...Array<string>(50).fill('é'.repeat(100))];
    const pointer = jsonPointer(path);
    expect(pointer.length).toBeLessThanOrEqual(1000);
    expect(pointer).toBe(jsonPointer(path.slice(0, 2)));
  });
});
