/**
 * The same text for the same value, whatever the order in which its keys were set: the tries of one key have to send identical
 * bytes, and a snapshot that has been through jsonb comes back with its keys in another order.
 */
export const canonicalJson = (value: unknown): string => JSON.stringify(sortKeys(value));

/** A copy with the keys of every object, at every depth, in code unit order. */
export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => [key, sortKeys(inner)]);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
