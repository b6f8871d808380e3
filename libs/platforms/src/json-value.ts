/** Readers for untrusted JSON. None of them throws, whatever the value is. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** The value as an object, or an empty object for anything else, so that nested members can be read without checks. */
export const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {});

/** The value as a list, or an empty list for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Text that PostgreSQL can store, of at most `max` UTF-16 units. Longer text is shortened; NULs and lone surrogates are replaced.
 * Numbers become text. Anything else, and blank text, gives null.
 */
export function textOf(value: unknown, max: number): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value).replaceAll('\0', '\ufffd').toWellFormed().trim();
  // The cut may split a surrogate pair: drop the half that remains.
  const short = text.length <= max ? text : text.slice(0, max).replace(/[\ud800-\udbff]$/, '');
  return short === '' ? null : short;
}

/** Like {@link textOf}, but null for text that is too long. For text that is wrong when shortened, such as a phone number. */
export function wholeTextOf(value: unknown, max: number): string | null {
  const text = textOf(value, max + 1);
  return text !== null && text.length <= max ? text : null;
}

/** A copy without null members at any depth. Null items of lists stay, because removing them would move the others. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const members = Object.entries(value).filter(([, member]) => member !== null && member !== undefined);
  return Object.fromEntries(members.map(([key, member]) => [key, withoutNulls(member)]));
}
