import { currencyDigits } from '@orderly/contracts';

/**
 * An amount as people write it: the digits after the point are those of the currency's minor unit (JPY none, KWD three). A locale that is
 * missing or none falls back to English, a currency that Intl does not take to plain text.
 *
 * @param amountMinor - integer, in the currency's minor unit
 * @param currency - ISO 4217
 * @param locale - BCP 47
 */
export function formatMoney(amountMinor: number, currency: string, locale?: string): string {
  // By the table that amounts are read with: Intl has digits of its own, and an amount of IQD would be shown a thousandfold.
  const digits = currencyDigits(currency);
  const amount = amountMinor / 10 ** digits;
  for (const candidate of [locale, 'en']) {
    try {
      const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return new Intl.NumberFormat(candidate, { style: 'currency', currency, ...fractionDigits }).format(amount);
    } catch {
      // A customer's locale is free text at the producer: a bad one must not cost them their message.
    }
  }
  return `${amount} ${currency}`;
}
