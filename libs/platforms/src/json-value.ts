/** Reading of JSON that a stranger wrote: nothing here throws, whatever the value is. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one for anything else, so that members of members can be asked for. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The value as a list; an empty one for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Text that the ledger can hold, of at most `max` UTF-16 units: what is too long is shortened, NULs and lone surrogates are
 * replaced. Numbers are written out. Null for anything else, and for blank text.
 */
export function textOf(value: unknown, max: number): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value).replaceAll('\0', '\ufffd').toWellFormed().trim();
  // The cut may go through a pair of surrogates: half of one is no character.
  const short = text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, '');
  return short === '' ? null : short;
}

/** As {@link textOf}, for text that means something else when it is shortened, such as a phone number: null if it is too long. */
export function wholeTextOf(value: unknown, max: number): string | null {
  const text = textOf(value, max + 1);
  return text !== null && text.length <= max ? text : null;
}

/** A copy without the members that are null, however deep; lists keep theirs. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]));
}
