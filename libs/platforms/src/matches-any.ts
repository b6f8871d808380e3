import { timingSafeEqual } from 'node:crypto';

/**
 * Whether one of the given signatures is one of the expected. Every pair is compared, and each in constant time, so that the
 * time tells neither which secret fits nor how much of a guess was right. The length of a signature is no secret.
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
