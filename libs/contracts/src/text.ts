import { z } from 'zod';

// PostgreSQL's text and jsonb hold no NUL, and UTF-8 has no lone surrogates: such a string could not be kept as it was sent.
const isStorable = (text: string): boolean => text.isWellFormed() && !text.includes('\0');

/** A string that PostgreSQL and UTF-8 can hold unchanged, at most `max` UTF-16 units long. */
export const StorableText = (max: number): z.ZodString => z.string().max(max).refine(isStorable, 'has a NUL or a lone surrogate');

// JSON may nest deeper than a stack reaches; nothing that belongs to an order comes near this.
const deepest = 32;

/**
 * A check for an object whose unknown keys are kept: every string and key in it, however deep, must be storable. Points to
 * the first that is not.
 */
export function checkStorable(context: z.core.ParsePayload<object>): void {
  const fault = findFault(context.value, []);
  if (fault) context.issues.push({ code: 'custom', input: context.value, ...fault });
}

function findFault(value: unknown, path: PropertyKey[]): { path: PropertyKey[]; message: string } | undefined {
  if (typeof value === 'string') return isStorable(value) ? undefined : { path, message: 'has a NUL or a lone surrogate' };
  if (typeof value !== 'object' || value === null) return undefined;
  if (path.length === deepest) return { path, message: `is nested deeper than ${deepest} levels` };
  for (const [key, inner] of Object.entries(value)) {
    if (!isStorable(key)) return { path, message: 'has a key with a NUL or a lone surrogate' };
    const fault = findFault(inner, [...path, Array.isArray(value) ? Number(key) : key]);
    if (fault) return fault;
  }
  return undefined;
}
