import type { WebhookRequest } from './platform-adapter';

/** A header that was sent exactly once and is not empty; a repeated header is ambiguous, so it counts as missing. */
export function headerOf({ headers }: WebhookRequest, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** An id that may become part of a key in the ledger: 1 to 200 printable ASCII characters without spaces. */
export const isHeaderId = (value: string): boolean => /^[\x21-\x7e]{1,200}$/.test(value);
