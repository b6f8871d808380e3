import { z } from 'zod';

// PostgreSQL's text and jsonb hold no NUL, and UTF-8 has no lone surrogates: such a string could not be kept as it was sent.
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
export const unstorableText = 'has a NUL or a lone surrogate';

/** A string that PostgreSQL and UTF-8 can hold unchanged, at most `max` UTF-16 units long. */
export const StorableText = (max: number): z.ZodString => z.string().max(max).refine(isStorableText, unstorableText);
