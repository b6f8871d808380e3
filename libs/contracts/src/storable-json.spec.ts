import { findUnstorable, maxJsonDepth } from './storable-json';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('findUnstorable', () => {
  it('has nothing to say about ordinary JSON', () => {
    expect(findUnstorable({ a: [1, 1.5, -7, 1e-9, 'ü', null, true], constructor: {}, '': '😀' })).toEqual([]);
  });

  it.each([
    ['a NUL', String.raw`{"data":{"name":"a\u0000b"}}`, ['data', 'name']],
    ['a NUL in a name', String.raw`{"a\u0000":1}`, ['a\0']],
    ['a lone surrogate', String.raw`{"data":["ok","\ud800"]}`, ['data', 1]],
    ['a number beyond doubles', '{"n":1e999}', ['n']],
    ['a whole number that was rounded', '{"n":9007199254740993}', ['n']],
    ['__proto__', '{"data":{"__proto__":{"admin":true}}}', ['data', '__proto__']],
  ])('points to %s', (_, json, path) => {
    expect(findUnstorable(JSON.parse(json)).map((fault) => fault.path)).toEqual([path]);
  });

  it('takes the deepest nesting that is allowed, and refuses one level more', () => {
    expect(findUnstorable(nested(maxJsonDepth))).toEqual([]);
    expect(findUnstorable(nested(maxJsonDepth + 1))).toHaveLength(1);
    expect(findUnstorable(nested(maxJsonDepth), [3])).toEqual([]);
  });

  it('bears nesting that would exhaust the stack, and stops after some faults', () => {
    expect(findUnstorable(nested(500_000))).toHaveLength(1);
    expect(findUnstorable(Array.from({ length: 1000 }, () => '\0'))).toHaveLength(20);
  });

  it('starts its paths where the value is', () => {
    expect(findUnstorable({ id: '\0' }, [7])).toEqual([{ path: [7, 'id'], detail: expect.any(String) }]);
  });
});
