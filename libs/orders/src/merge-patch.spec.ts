import { mergePatch } from './merge-patch';

const parse = (json: string): unknown => JSON.parse(json);

describe('mergePatch', () => {
  // RFC 7386, appendix A: original, patch, result.
  test.each([
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
  ])('follows the RFC: %s patched with %s is %s', (original, patch, result) => {
    expect(mergePatch(parse(original), parse(patch))).toEqual(parse(result));
  });

  test('modifies neither the target nor the patch', () => {
    const target = { customer: { id: 'c-1', name: 'A' } };
    const patch = { customer: { name: null } };
    mergePatch(target, patch);
    expect(target).toEqual({ customer: { id: 'c-1', name: 'A' } });
    expect(patch).toEqual({ customer: { name: null } });
  });

  test('keeps a member named __proto__ as a member and never as a prototype', () => {
    const merged = mergePatch({}, parse('{"__proto__":{"isAdmin":true}}')) as Record<string, unknown>;
    expect(merged.isAdmin).toBeUndefined();
    expect(JSON.stringify(merged)).toBe('{"__proto__":{"isAdmin":true}}');
  });
});
