import { StorableText } from './text';

describe('StorableText', () => {
  it.each([
    ['the empty string', ''],
    ['ten UTF-16 units', 'x'.repeat(10)],
    ['a whole surrogate pair', '📦'],
    ['other control characters', 'a\tb\u0001'],
  ])('accepts %s', (_what, text) => {
    expect(StorableText(10).parse(text)).toBe(text);
  });

  it.each([
    ['eleven UTF-16 units', 'x'.repeat(11)],
    ['a NUL', 'a\0b'],
    ['a high surrogate alone', 'a\ud83d'],
    ['a low surrogate alone', '\udce6a'],
    ['a number', 5],
  ])('refuses %s', (_what, text) => {
    expect(StorableText(10).safeParse(text).success).toBe(false);
  });
});
