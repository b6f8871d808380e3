import { currencyDigits } from '@orderly/contracts';

/**
 * Formats an amount for people, with the decimal digits of the currency's minor unit (JPY none, KWD three). A missing or invalid
 * locale falls back to English, and a currency that Intl refuses falls back to plain text.
 *
 * @param amountMinor - integer, in the currency's minor unit
 * @param currency - ISO 4217
 * @param locale - BCP 47
 */
export function formatMoney(amountMinor: number, currency: string, locale?: string): string {
  // Uses the same table as the parser of amounts: Intl has other digits for some currencies and would show IQD times 1,000.
  const digits = currencyDigits(currency);
  const amount = amountMinor / 10 ** digits;
  for (const candidate of [locale, 'en']) {
    try {
      const fractionDigits = { minimumFractionDigits: digits, maximumFractionDigits: digits };
      return new Intl.NumberFormat(candidate, { style: 'currency', currency, ...fractionDigits }).format(amount);
    } catch {
      // Producers send any text as locale. An invalid one must not prevent the message.
    }
  }
  return `${amount} ${currency}`;
}
