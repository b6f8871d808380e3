import { hashesEqual, hashOf, makeKey, prefixOf } from './api-key';

describe('API keys', () => {
  it('carry the prefix by which they are recognised', () => {
    const { key, prefix } = makeKey();
    expect(key).toMatch(/^orderly_[0-9a-z]{8}_[0-9A-Za-z]{40}$/);
    expect(prefixOf(key)).toBe(prefix);
  });

  it('are not recognised in text of another shape', () => {
    for (const text of ['', 'orderly_', 'orderly_12345678_', `${makeKey().key}x`, makeKey().key.toUpperCase()]) {
      expect(prefixOf(text)).toBeUndefined();
    }
  });

  it('are told apart by their hashes', () => {
    const { key } = makeKey();
    expect(hashesEqual(hashOf(key), hashOf(key))).toBe(true);
    expect(hashesEqual(hashOf(key), hashOf(makeKey().key))).toBe(false);
  });
});
