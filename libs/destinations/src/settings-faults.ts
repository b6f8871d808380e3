import { ConfigurationError } from '@orderly/errors';
import type { z } from 'zod';
import type { Fault } from './yaml-source';

/** The faults of one zod issue, in words that do not quote the value. */
export function describeIssue(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string; key?: string }[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: issue.path, key, message: `has no setting ${JSON.stringify(key)}` }));
  }
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => ({ path: issue.path, message }));
  const message = issue.message
    .replace(/^Invalid input: expected (.+), received undefined$/, 'is missing: expected $1')
    .replace(/^Invalid (?:input|option): /, '');
  return [{ path: issue.path, message }];
}

/** One error for all faults of a settings file. It names each line, path and fault. */
export function settingsError(file: string, faults: readonly Fault[]): ConfigurationError {
  const lines = faults.map(({ line, column, path, message }) => `  ${line}:${column} ${path ? `${path}: ` : ''}${message}`);
  const count = faults.length === 1 ? 'a mistake' : `${faults.length} mistakes`;
  return new ConfigurationError('configuration-invalid', `${file} has ${count}:\n${lines.join('\n')}`, {
    details: { file, faults },
  });
}

/** Freezes a value and everything in it. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
