import { ConfigurationError } from '@orderly/errors';

const maxLength = 200;

/**
 * What a person typed, without the blanks around it.
 *
 * @throws ConfigurationError for what a terminal or the ledger cannot show again
 */
export function printableText(option: string, text: string): string {
  const trimmed = text.trim();
  if (/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(trimmed) && trimmed.length <= maxLength) return trimmed;
  throw new ConfigurationError('configuration-invalid', `${option} takes 1 to ${maxLength} printable characters`);
}
