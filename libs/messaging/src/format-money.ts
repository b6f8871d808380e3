/**
 * An amount as people write it: the digits after the point are the currency's own (JPY none, KWD three). A locale that is
 * missing or none falls back to English, a currency that Intl does not take to plain text.
 *
 * @param amountMinor - integer, in the currency's minor unit
 * @param currency - ISO 4217
 * @param locale - BCP 47
 */
export function formatMoney(amountMinor: number, currency: string, locale?: string): string {
  for (const candidate of [locale, 'en']) {
    try {
      const format = new Intl.NumberFormat(candidate, { style: 'currency', currency });
      return format.format(amountMinor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    } catch {
      // A customer's locale is free text at the producer: a bad one must not cost them their message.
    }
  }
  return `${amountMinor / 100} ${currency}`;
}
