import { singleLine } from './single-line';

describe('singleLine', () => {
  it.each(['a\r\nb', 'a\nb', 'a\u2028b', 'a\u0000\u0007b', 'a\u0085b', 'a \t b ', 'a\u202eb'])(
    'makes one plain line of %j',
    (text) => {
      expect(singleLine(text)).toBe('a b');
    },
  );

  it('does not change letters of any script', () => {
    expect(singleLine('Zoë 李 ÇĞ 🙂')).toBe('Zoë 李 ÇĞ 🙂');
  });
});
