import { readRetryAfter } from './retry-after';

const now = Date.parse('2026-01-02T03:04:05Z');

describe('readRetryAfter', () => {
  it.each([
    ['seconds', '120', 120_000],
    ['seconds with blanks', ' 7 ', 7_000],
    ['an HTTP date', 'Fri, 02 Jan 2026 03:04:35 GMT', 30_000],
    ['a date just past', 'Fri, 02 Jan 2026 03:04:00 GMT', 1_000],
    ['zero', '0', 1_000],
    ['more than an hour', '3601', 3_600_000],
    ['an hour', '3600', 3_600_000],
    ['a date of next year', 'Sat, 02 Jan 2027 03:04:05 GMT', 3_600_000],
    ['a number beyond all numbers', '9'.repeat(400), 3_600_000],
    ['the first of several', ['3', '4'], 3_000],
  ])('reads %s', (_, header, expected) => {
    expect(readRetryAfter(header, now)).toBe(expected);
  });

  it.each([undefined, '', 'soon', '-5', '1.5', '2026-01-02'])('ignores %j', (header) => {
    expect(readRetryAfter(header, now)).toBeUndefined();
  });
});
