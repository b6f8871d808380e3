import { timingSafeEqual } from 'node:crypto';

/**
 * Whether one of the given signatures equals one of the expected ones. Every pair is compared in constant time, so the duration
 * reveals neither which secret matches nor how much of a guess was right. The length of a signature is not secret.
 */
export function matchesAny(given: readonly string[], expected: readonly string[]): boolean {
  let hasMatch = false;
  for (const one of given) for (const other of expected) hasMatch = isEqual(one, other) || hasMatch;
  return hasMatch;
}

function isEqual(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
