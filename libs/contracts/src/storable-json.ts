import type { z } from 'zod';
import { isStorableText, unstorableText } from './text';

/** Levels of arrays and objects. More than any order needs, and far below the depth at which recursion exhausts the stack. */
export const maxJsonDepth = 50;

/** A part of a JSON value that cannot be stored, and its position. */
export type JsonFault = { readonly path: readonly PropertyKey[]; readonly detail: string };

/** Bounds the answer to a body with very many faults. */
const maxFaults = 20;

/**
 * Finds parts of valid JSON that the ledger cannot store unchanged: NUL characters, lone surrogates, numbers that a double cannot
 * hold, `__proto__`, and too deep nesting. Accepts any JSON, and stops after twenty faults.
 *
 * @param path - position of the value; the paths of its faults start with it
 */
export function findUnstorable(value: unknown, path: readonly PropertyKey[] = []): JsonFault[] {
  const faults: JsonFault[] = [];
  const here: PropertyKey[] = [...path];
  const deepest = here.length + maxJsonDepth;

  const visit = (part: unknown): void => {
    const detail = faultOf(part);
    if (detail !== undefined) report(detail);
    if (typeof part !== 'object' || part === null || faults.length >= maxFaults) return;
    if (here.length >= deepest) return report(`is nested deeper than ${maxJsonDepth} levels`);
    if (Array.isArray(part)) for (const [index, item] of part.entries()) step(index, item);
    else for (const key of Object.keys(part)) visitKey(key, (part as Record<string, unknown>)[key]);
  };
  const visitKey = (key: string, item: unknown): void => {
    here.push(key);
    if (key === '__proto__') report('is not allowed as a key');
    else if (!isStorableText(key)) report(unstorableText);
    else visit(item);
    here.pop();
  };
  const step = (index: number, item: unknown): void => {
    here.push(index);
    visit(item);
    here.pop();
  };
  const report = (detail: string): void => {
    if (faults.length < maxFaults) faults.push({ path: [...here], detail });
  };

  visit(value);
  return faults;
}

/** The same as a zod check, for an object that keeps unknown keys: zod does not validate those. */
export function checkStorable(context: z.core.ParsePayload<object>): void {
  for (const { path, detail } of findUnstorable(context.value)) {
    context.issues.push({ code: 'custom', input: context.value, path: [...path], message: detail });
  }
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isStorableText(value) ? undefined : unstorableText;
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return 'is a number beyond the range of a double';
  // The parser has already rounded the number, so the sent value is lost.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'is a whole number beyond 2^53 - 1; send it as text';
  return undefined;
}
