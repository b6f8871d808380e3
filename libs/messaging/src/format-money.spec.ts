import { formatMoney } from './format-money';

// Intl uses two kinds of no-break space.
const plain = (text: string): string => text.replaceAll(/[\u00a0\u202f]/g, ' ');

describe('formatMoney', () => {
  it.each([
    [1234, 'EUR', 'en', '€12.34'],
    [1234, 'EUR', 'de-DE', '12,34 €'],
    [123456, 'BRL', 'pt-BR', 'R$ 1.234,56'],
    [1234, 'JPY', 'en', '¥1,234'],
    [1234, 'KWD', 'en', 'KWD 1.234'],
    [1234, 'IQD', 'en', 'IQD 1.234'],
    [1234, 'HUF', 'en', 'HUF 12.34'],
    [0, 'EUR', 'en', '€0.00'],
    [-500, 'USD', 'en', '-$5.00'],
  ])("formats %d %s for %s with the currency's decimal digits", (amountMinor, currency, locale, expected) => {
    expect(plain(formatMoney(amountMinor, currency, locale))).toBe(expected);
  });

  it.each([undefined, '', 'not a locale', 'en_US', 'x'.repeat(35)])('falls back to English for the locale %p', (locale) => {
    expect(formatMoney(1234, 'USD', locale)).toContain('12.34');
  });

  it('falls back to plain text for a currency that Intl refuses', () => {
    expect(formatMoney(1250, 'E1')).toBe('12.5 E1');
  });
});
