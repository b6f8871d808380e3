/**
 * Gives equal values the same text, in whatever order their keys were set. All tries of one idempotency key must send identical
 * bytes, and jsonb returns a snapshot with its keys reordered.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sortKeys(value));

/** A copy with the keys of every object, at every depth, in code unit order. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sortKeys(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
