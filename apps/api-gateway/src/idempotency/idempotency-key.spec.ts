import fc from 'fast-check';
import { serializeItem } from 'structured-headers';
import { RequestRefused } from '../http/request-refused';
import { IdempotencyKeyHeader, parseIdempotencyKey } from './idempotency-key';

const printable = Array.from({ length: 0x7f - 0x20 }, (_, index) => String.fromCharCode(0x20 + index));
const plain = printable.filter((character) => !' ",'.includes(character));
const textOf = (characters: readonly string[], maxLength = 255): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength, size: 'max' });

const refused = (header: string): boolean => {
  try {
    parseIdempotencyKey(header);
    return false;
  } catch (error) {
    return error instanceof RequestRefused && error.code === 'idempotency-key-invalid';
  }
};

describe('an Idempotency-Key', () => {
  it('may hold any printable ASCII inside quotation marks', () => {
    fc.assert(
      fc.property(textOf(printable), (key) => {
        const header = serializeItem([key, new Map()]);
        expect(parseIdempotencyKey(header)).toBe(key);
        expect(IdempotencyKeyHeader.safeParse(header).success).toBe(true);
      }),
    );
  });

  it('means the same with and without quotation marks', () => {
    fc.assert(
      fc.property(textOf(plain), (key) => {
        expect(parseIdempotencyKey(key)).toBe(key);
        expect(parseIdempotencyKey(serializeItem([key, new Map()]))).toBe(key);
        expect(IdempotencyKeyHeader.safeParse(key).success).toBe(true);
      }),
    );
  });

  it('has 1 to 255 printable characters for any input, or is refused', () => {
    const sent = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 300, size: 'max' }),
      textOf(printable, 300),
      textOf(printable, 300).map((text) => `"${text}"`),
      fc.string({ unit: fc.constantFrom('"', '\\', ',', ';', '=', ' ', 'a', '\t', 'é'), maxLength: 12 }),
    );
    fc.assert(
      fc.property(sent, (header) => {
        const isDocumented = IdempotencyKeyHeader.safeParse(header).success;
        if (refused(header)) return expect(isDocumented).toBe(false);
        expect(parseIdempotencyKey(header)).toMatch(/^[ -~]{1,255}$/);
        // Parameters are ignored, but not documented.
        if (!isDocumented) expect(header).toMatch(/^".*"( *|;.*)$/);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['255 characters', 'k'.repeat(255), false],
    ['256 characters', 'k'.repeat(256), true],
    ['255 characters in quotation marks', `"${'k'.repeat(255)}"`, false],
    ['256 characters in quotation marks', `"${'k'.repeat(256)}"`, true],
    ['255 characters, one of them escaped', `"${'k'.repeat(254)}\\""`, false],
    ['an empty key', '', true],
    ['nothing in quotation marks', '""', true],
    ['one blank in quotation marks', '" "', false],
    ['blanks between words', 'a b', true],
    ['two keys joined by a comma', '"one", "two"', true],
    ['two bare keys joined by a comma', 'one, two', true],
    ['an unclosed quotation', '"one', true],
    ['an escape that is none', '"a\\b"', true],
    ['letters beyond ASCII', 'schlüssel', true],
    ['letters beyond ASCII in quotation marks', '"schlüssel"', true],
    ['a parameter', '"one";v=1', false],
  ])('is accepted up to its limit and refused beyond it: %s', (_, header, isRefused) => {
    expect(refused(header)).toBe(isRefused);
  });
});
