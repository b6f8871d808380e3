import { createHash, randomInt, timingSafeEqual } from 'node:crypto';

/** `orderly_<prefix>_<secret>`: the prefix is stored as it is and recognises the key, the whole is stored as a hash. */
const keyPattern = /^orderly_([0-9a-z]{8})_[0-9A-Za-z]{40}$/;

const prefixAlphabet = '0123456789abcdefghijklmnopqrstuvwxyz';
const secretAlphabet = `${prefixAlphabet}ABCDEFGHIJKLMNOPQRSTUVWXYZ`;

export function makeKey(): { readonly key: string; readonly prefix: string } {
  const prefix = randomText(prefixAlphabet, 8);
  return { key: `orderly_${prefix}_${randomText(secretAlphabet, 40)}`, prefix };
}

/** Undefined for what cannot be a key: nobody needs to ask the database for it. */
export const prefixOf = (key: string): string | undefined => keyPattern.exec(key)?.[1];

/** How a key is named wherever it is shown: its start, which is no secret. */
export const shownPrefix = (prefix: string): string => `orderly_${prefix}`;

/** The prefix in what a person gives to name a key: the prefix itself, with `orderly_` before it, or the whole key. */
export const visiblePrefixOf = (text: string): string | undefined =>
  prefixOf(text) ?? /^(?:orderly_)?([0-9a-z]{8})$/.exec(text)?.[1];

/** The secret has 238 random bits, so a fast hash is enough. */
export const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();

export const hashesEqual = (one: Buffer, other: Buffer): boolean => one.length === other.length && timingSafeEqual(one, other);

const randomText = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
