/**
 * Writes JSON with sorted keys, so that equal values give equal text whatever their order of keys.
 *
 * @param maxDepth - deeper values are left out. Set it for unchecked input: deep nesting would exhaust the stack.
 * @defaultValue no limit
 */
export function canonicalJson(value: unknown, maxDepth = Infinity): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (maxDepth <= 0) return '"…"';
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item, maxDepth - 1)).join(',')}]`;
  const fields = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item, maxDepth - 1)}`).join(',')}}`;
}
