/**
 * JSON with the keys of every object sorted: equal values give equal text, however they were written.
 *
 * @param maxDepth - what is nested deeper is left out; without it, nesting without end exhausts the stack
 */
export function canonicalJson(value: unknown, maxDepth = Infinity): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (maxDepth <= 0) return '"…"';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, maxDepth - 1)).join(',')}]`;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, maxDepth - 1)}`).join(',')}}`;
}
