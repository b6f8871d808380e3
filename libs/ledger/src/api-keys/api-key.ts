import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** `orderly_<prefix>_<secret>`. The prefix is stored as plain text and finds the key; the whole key is stored only as a hash. */
const keyPattern = /^orderly_([0-9a-z]{8})_[0-9A-Za-z]{40}$/;

const prefixAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const secretAlphabet = `${prefixAlphabet}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

/** Makes a key from the system's secure random source. */
export function makeKey(): { readonly key: string; readonly prefix: string } {
  const prefix = randomText(prefixAlphabet, 8);
  return { key: `orderly_${prefix}_${randomText(secretAlphabet, 40)}`, prefix };
}

/** The prefix of a key. Undefined for text that is no key, so that no query is spent on it. */
export const prefixOf = (key: string): string | undefined => keyPattern.exec(key)?.[1];

/** The name of a key in lists, logs and the audit trail: its start, which is no secret. */
export const shownPrefix = (prefix: string): string => `orderly_${prefix}`;

/** The prefix in a text that names a key: the whole key, or the prefix with or without `orderly_`. */
export const visiblePrefixOf = (text: string): string | undefined =>
  prefixOf(text) ?? /^(?:orderly_)?([0-9a-z]{8})$/.exec(text)?.[1];

/** The secret has 238 random bits, so a fast hash is enough. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

/** Compares in constant time, so that the duration reveals nothing about the stored hash. */
export const hashesEqual = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

const randomText = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
