/**
 * The number of decimal digits of a currency's minor unit, by ISO 4217. `Intl` differs for a dozen currencies: IQD has three
 * digits, but is displayed with none. A code that is not listed has two.
 *
 * @param currency - ISO 4217, such as `JPY`
 */
export const currencyDigits = (currency: string): number => unusualDigits.get(currency) ?? 2;

/**
 * Converts a decimal amount to integer minor units. The conversion is exact: it uses no floating point and rounds nothing.
 *
 * @param decimalText - such as `19.99`, `-5.00` or `1200`; additional zeros at the end are accepted
 * @param currency - ISO 4217
 * @throws RangeError for text that is not an amount, a fraction of a minor unit, or more than 2^53 - 1 minor units.
 */
export function toMinorUnits(decimalText: string, currency: string): number {
  const [, sign, whole, fraction = ''] = (decimalText.length <= longestAmount && amount.exec(decimalText)) || [];
  if (whole === undefined) throw new RangeError('is not a decimal amount');
  const digits = currencyDigits(currency);
  if (/[1-9]/.test(fraction.slice(digits))) throw new RangeError(`has more than the ${digits} decimal digits of ${currency}`);
  const units = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  if (units > Number.MAX_SAFE_INTEGER) throw new RangeError('is larger than 2^53 - 1 minor units');
  // A BigInt has no negative zero. -0 would not survive JSON.
  return Number(sign === '-' ? -units : units);
}

/** In characters. Bounds the work on hostile text; a valid amount has at most 17 digits, the rest allows for zeros. */
const longestAmount = 100;
const amount = /^(-?)(\d+)(?:\.(\d+))?$/;

const unusualDigits: ReadonlyMap<string, number> = new Map(
  Object.entries({
    0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    3: 'BHD IQD JOD KWD LYD OMR TND',
    4: 'CLF UYW',
  }).flatMap(([digits, currencies]) => currencies.split(' ').map((currency) => [currency, Number(digits)])),
);
