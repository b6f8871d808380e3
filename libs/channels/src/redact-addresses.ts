/**
 * Removes mail addresses from a server's answer, because servers often repeat them. Removes any word with an `@`, and the
 * recipient's local part, alone or in an encoded address (`jo=example.com`).
 */
export function redactAddresses(text: string, recipient?: string): string {
  const localPart = recipient?.split('@')[0] ?? '';
  const withoutAddresses = text.replaceAll(/[^\s<>"'(),;:]+@[^\s<>"'(),;:]+/g, redacted);
  // Most answers repeat nothing, and compiling a pattern per recipient is expensive.
  if (localPart === '' || !withoutAddresses.toLowerCase().includes(localPart.toLowerCase())) return withoutAddresses;
  const escaped = localPart.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
  return withoutAddresses.replaceAll(new RegExp(`(?<![\\p{L}\\p{N}])${escaped}(?![\\p{L}\\p{N}])`, 'giu'), redacted);
}

const redacted = '[redacted]';
