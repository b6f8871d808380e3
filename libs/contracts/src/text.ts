import { z } from 'zod';

// PostgreSQL's text and jsonb cannot hold NUL, and UTF-8 cannot encode lone surrogates. Such a string cannot be stored unchanged.
export const isStorableText = (text: string): boolean => text.isWellFormed() && !text.includes('\0');
export const unstorableText = 'contains a NUL or a lone surrogate';

/** A string that PostgreSQL can store unchanged, of at most `max` UTF-16 units. */
export const StorableText = (max: number): z.ZodString => z.string().max(max).refine(isStorableText, unstorableText);
