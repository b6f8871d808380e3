import fc from 'fast-check';
import { currencyDigits, toMinorUnits } from './money';

describe('currencyDigits', () => {
  it.each([
    ['USD', 2],
    ['JPY', 0],
    ['CLP', 0],
    ['KWD', 3],
    ['CLF', 4],
    ['UYW', 4],
    // Intl shows these three with no digits at all.
    ['IQD', 3],
    ['HUF', 2],
    ['AFN', 2],
    ['E1', 2],
    ['toString', 2],
  ])('gives the minor unit of %s %d digits', (currency, digits) => {
    expect(currencyDigits(currency)).toBe(digits);
  });
});

describe('toMinorUnits', () => {
  it.each([
    ['403.00', 'USD', 40300],
    ['0.07', 'EUR', 7],
    ['1.005', 'KWD', 1005],
    ['1.0050', 'KWD', 1005],
    ['1200', 'JPY', 1200],
    ['1200.00', 'JPY', 1200],
    ['5', 'USD', 500],
    ['5.1', 'USD', 510],
    ['-5.25', 'USD', -525],
    ['-0.00', 'USD', 0],
    ['0001.50', 'USD', 150],
    ['1.2345', 'CLF', 12345],
    ['90071992547409.91', 'USD', Number.MAX_SAFE_INTEGER],
    // As doubles both would be off by one.
    ['1.15', 'USD', 115],
    ['8.2', 'USD', 820],
  ])('converts %s %s to %d', (text, currency, expected) => {
    expect(toMinorUnits(text, currency)).toBe(expected);
  });

  it.each<[text: string, currency: string]>([
    ['19.999', 'USD'],
    ['0.5', 'JPY'],
    ['1.0005', 'KWD'],
    ['90071992547409.92', 'USD'],
    ['-90071992547409.92', 'USD'],
    ['9007199254740992', 'JPY'],
    ['9'.repeat(1_000_000), 'USD'],
    ...['', ' ', '.', '5.', '.5', '1,5', '1 000', '1e3', '0x10', '+1', '--1', 'NaN', 'Infinity', '1.2.3', '1\n', '١'].map(
      (text) => [text, 'USD'] satisfies [string, string],
    ),
  ])('refuses %.30j %s instead of rounding it', (text, currency) => {
    expect(() => toMinorUnits(text, currency)).toThrow(RangeError);
  });

  it('converts every formatted amount back to its minor units, in every currency', () => {
    const currency = fc.constantFrom('JPY', 'USD', 'KWD', 'UYW');
    fc.assert(
      fc.property(fc.maxSafeInteger(), currency, (units, code) => {
        expect(toMinorUnits(write(units, currencyDigits(code)), code)).toBe(units === 0 ? 0 : units);
      }),
    );
  });
});

function write(units: number, digits: number): string {
  const text = String(Math.abs(units)).padStart(digits + 1, '0');
  const point = text.length - digits;
  return `${units < 0 ? '-' : ''}${text.slice(0, point)}${digits > 0 ? `.${text.slice(point)}` : ''}`;
}
