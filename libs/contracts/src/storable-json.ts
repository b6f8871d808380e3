import type { z } from 'zod';
import { isStorableText, unstorableText } from './text';

/** Levels of arrays and objects. Deeper than any order, and far from where recursion becomes dangerous. */
export const maxJsonDepth = 50;

/** What of a JSON value cannot be stored, and where. */
export type JsonFault = { readonly path: readonly PropertyKey[]; readonly detail: string };

const maxFaults = 20;

/**
 * Finds what JSON allows and the ledger cannot keep as it was sent: NUL characters and lone surrogates, numbers that no double
 * holds, `__proto__`, and nesting without end. Bears any JSON, and stops after twenty faults.
 *
 * @param path - where the value is; its faults are found below it
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
    if (key === '__proto__') report('is not allowed as a name');
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

/** The same as a check of an object whose unknown keys are kept: zod itself does not look at them. */
export function checkStorable(context: z.core.ParsePayload<object>): void {
  for (const { path, detail } of findUnstorable(context.value)) {
    context.issues.push({ code: 'custom', input: context.value, path: [...path], message: detail });
  }
}

function faultOf(value: unknown): string | undefined {
  if (typeof value === 'string') return isStorableText(value) ? undefined : unstorableText;
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) return 'is a number beyond the range of a double';
  // The parser has rounded it already: what would be stored is not what was sent.
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return 'is a whole number beyond 2^53 - 1: send it as text';
  return undefined;
}
