/**
 * Applies a JSON merge patch (RFC 7386) to a JSON value: objects merge member by member, `null` removes a member, anything else
 * replaces. Neither argument is changed; untouched parts of the target are shared with the result.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  // A Map and fromEntries, because assignment to a key named __proto__ would set the prototype instead of a member.
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
