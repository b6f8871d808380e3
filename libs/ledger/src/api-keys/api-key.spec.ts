import { hashesEqual, hashOf, makeKey, prefixOf } from './api-key';

describe('API keys', () => {
  it('contain the prefix that identifies them', () => {
    const { key, prefix } = makeKey();
    expect(key).toMatch(/^orderly_[0-9a-z]{8}_[0-9A-Za-z]{40}$/);
    expect(prefixOf(key)).toBe(prefix);
  });

  it('have no prefix if the text has another form', () => {
    for (const text of ['', 'orderly_', 'orderly_12345678_', `${makeKey().key}x`, makeKey().key.toUpperCase()]) {
      expect(prefixOf(text)).toBeUndefined();
    }
  });

  it('have different hashes', () => {
    const { key } = makeKey();
    expect(hashesEqual(hashOf(key), hashOf(key))).toBe(true);
    expect(hashesEqual(hashOf(key), hashOf(makeKey().key))).toBe(false);
  });
});
