import { findUnstorable, maxJsonDepth } from './storable-json';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('findUnstorable', () => {
  it('finds no fault in ordinary JSON', () => {
    expect(findUnstorable({ a: [1, 1.5, -7, 1e-9, 'ü', null, true], constructor: {}, '': '😀' })).toEqual([]);
  });

  it.each([
    ['a NUL', String.raw`{"data":{"name":"a\u0000b"}}`, ['data', 'name']],
    ['a NUL in a key', String.raw`{"a\u0000":1}`, ['a\0']],
    ['a lone surrogate', String.raw`{"data":["ok","\ud800"]}`, ['data', 1]],
    ['a number beyond doubles', '{"n":1e999}', ['n']],
    ['a whole number that was rounded', '{"n":9007199254740993}', ['n']],
    ['__proto__', '{"data":{"__proto__":{"admin":true}}}', ['data', '__proto__']],
  ])('returns the position of %s', (_, json, path) => {
    expect(findUnstorable(JSON.parse(json)).map((fault) => fault.path)).toEqual([path]);
  });

  it('accepts the deepest allowed nesting and refuses one level more', () => {
    expect(findUnstorable(nested(maxJsonDepth))).toEqual([]);
    expect(findUnstorable(nested(maxJsonDepth + 1))).toHaveLength(1);
    expect(findUnstorable(nested(maxJsonDepth), [3])).toEqual([]);
  });

  it('accepts nesting that would exhaust the stack, and stops after 20 faults', () => {
    expect(findUnstorable(nested(500_000))).toHaveLength(1);
    expect(findUnstorable(Array.from({ length: 1000 }, () => '\0'))).toHaveLength(20);
  });

  it('starts the paths of faults at the given path', () => {
    expect(findUnstorable({ id: '\0' }, [7])).toEqual([{ path: [7, 'id'], detail: expect.any(String) }]);
  });
});
