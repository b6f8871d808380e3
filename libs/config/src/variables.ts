import { z } from 'zod';

/** A whole number in decimal digits. `10abc`, `1e3` and `0x10` are refused, although `parseInt` would accept them. */
export const integer = ({ min, max, fallback }: { min: number; max: number; fallback: number }): z.ZodType<number> =>
  z
    .string()
    .refine(
      (text) => /^-?\d+$/.test(text) && Number(text) >= min && Number(text) <= max,
      `must be a whole number from ${min} to ${max}`,
    )
    .transform(Number)
    .default(fallback);

/** The URL of a server. It has no default, because it usually contains a password. */
export const serverUrl = (...schemes: readonly [string, ...string[]]): z.ZodType<string> =>
  z
    .string('is not set')
    .refine(
      (text) => schemes.some((scheme) => text.startsWith(`${scheme}://`)) && URL.canParse(text),
      `must be a URL that starts with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}`,
    );

/** One of the given words. */
export const oneOf = <const Word extends string>(words: readonly [Word, ...Word[]], fallback: Word): z.ZodType<Word> =>
  z.enum(words, `must be one of ${words.join(', ')}`).default(fallback as never);
