/**
 * How many decimal digits a currency's minor unit has: by ISO 4217, not by what people or `Intl` show, which differs for a
 * dozen currencies (IQD has three digits and is shown with none). Two for a code that is not listed.
 *
 * @param currency - ISO 4217, such as `JPY`
 */
export const currencyDigits = (currency: string): number => unusualDigits.get(currency) ?? 2;

/**
 * Reads a decimal amount into whole minor units, exactly: no floating point on the way, and nothing is rounded.
 *
 * @param decimalText - such as `19.99`, `-5.00` or `1200`; zeros beyond the currency's digits do no harm
 * @param currency - ISO 4217
 * @throws RangeError on anything else: no number, a part of a minor unit, or more than a double holds exactly (2^53 - 1).
 */
export function toMinorUnits(decimalText: string, currency: string): number {
  const [, sign, whole, fraction = ''] = (decimalText.length <= longestAmount && amount.exec(decimalText)) || [];
  if (whole === undefined) throw new RangeError('is not a decimal amount');
  const digits = currencyDigits(currency);
  if (/[1-9]/.test(fraction.slice(digits))) throw new RangeError(`has more than the ${digits} decimal digits of ${currency}`);
  const units = BigInt(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  if (units > Number.MAX_SAFE_INTEGER) throw new RangeError('is larger than 2^53 - 1 minor units');
  // From a BigInt, which knows no negative zero: -0 would not survive JSON.
  return Number(sign === '-' ? -units : units);
}

/** Bounds the work on hostile text; no amount that fits is longer, however many zeros its sender writes. */
const longestAmount = 100;
const amount = /^(-?)(\d+)(?:\.(\d+))?$/;

const unusualDigits: ReadonlyMap<string, number> = new Map(
  Object.entries({
    0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
    3: 'BHD IQD JOD KWD LYD OMR TND',
    4: 'CLF UYW',
  }).flatMap(([digits, currencies]) => currencies.split(' ').map((currency) => [currency, Number(digits)])),
);
