/**
 * Applies a JSON merge patch (RFC 7386) to a JSON value: objects are merged by member, `null` removes a member, and any other value
 * replaces the old one. The arguments are not modified; the result shares unchanged parts with the target.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  // A Map and fromEntries, because an assignment to the key __proto__ would set the prototype.
  const members = new Map(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) members.delete(key);
    else members.set(key, mergePatch(members.get(key), value));
  }
  return Object.fromEntries(members);
}

function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
