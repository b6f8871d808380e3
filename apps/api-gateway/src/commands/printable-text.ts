import { ConfigurationError } from '@orderly/errors';

const maxLength = 200;

/**
 * Checks text that a person typed, and trims it. Control characters could forge lines of a terminal or of a log.
 *
 * @throws ConfigurationError if the text is empty, too long, or has characters that cannot be printed
 */
export function printableText(option: string, text: string): string {
  const trimmed = text.trim();
  if (/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u.test(trimmed) && trimmed.length <= maxLength) return trimmed;
  throw new ConfigurationError('configuration-invalid', `${option} takes 1 to ${maxLength} printable characters`);
}
