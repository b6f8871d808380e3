import { jsonPointer } from './json-pointer';

describe('jsonPointer', () => {
  it('points to the whole body, to a field, and to an item of a list', () => {
    expect(jsonPointer([])).toBe('#');
    expect(jsonPointer(['data', 'lines', 0, 'sku'])).toBe('#/data/lines/0/sku');
  });

  it('escapes characters that are special in pointers or URLs', () => {
    expect(jsonPointer(['a/b', 'c~d', 'e f', 'ü'])).toBe('#/a~1b/c~0d/e%20f/%C3%BC');
  });

  it('accepts keys that URLs cannot represent, and cuts long keys', () => {
    expect(jsonPointer(['\ud800'])).toBe('#/%EF%BF%BD');
    expect(jsonPointer(['x'.repeat(1_000_000)])).toHaveLength(102);
  });

  it('points to the enclosing value if the path has many long keys', () => {
    const path = ['data', ...Array<string>(50).fill('é'.repeat(100))];
    const pointer = jsonPointer(path);
    expect(pointer.length).toBeLessThanOrEqual(1000);
    expect(pointer).toBe(jsonPointer(path.slice(0, 2)));
  });
});
