import { canonicalJson } from './canonical-json';

describe('canonicalJson', () => {
  it('is equal for bodies that differ only in key order, blanks or number format', () => {
    const one = JSON.parse('{"b":[1.0,{"y":null,"x":"ü"}],"a":{}}');
    const other = JSON.parse('{ "a": {}, "b": [1e0, {"x": "\\u00fc", "y": null}] }');
    expect(canonicalJson(one)).toBe('{"a":{},"b":[1,{"x":"ü","y":null}]}');
    expect(canonicalJson(other)).toBe(canonicalJson(one));
  });

  it('differs if the order of a list differs', () => {
    expect(canonicalJson([1, 2])).not.toBe(canonicalJson([2, 1]));
  });

  it('leaves out values below the given depth, so any nesting is safe', () => {
    const endless = JSON.parse('['.repeat(200_000) + ']'.repeat(200_000)) as unknown;
    expect(canonicalJson({ a: [1, [2]], b: endless }, 2)).toBe('{"a":[1,"…"],"b":["…"]}');
  });
});
