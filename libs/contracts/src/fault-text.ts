import type { z } from 'zod';

/**
 * Describes the fault of a value for its sender. The text completes a sentence that starts with the value's name, and quotes no
 * part of the value, because it may be a secret. Pass it to zod as the `error` of a parse; a message in a schema takes precedence.
 */
export function faultText(issue: z.core.$ZodRawIssue): string {
  if (issue.code !== 'invalid_union' && issue.input === undefined) return 'is missing';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${kindOf(issue.expected)}`;
    case 'invalid_value':
      return oneOf(issue.values.map(String));
    case 'too_small':
      return sizeText(issue.origin, issue.inclusive === false ? 'more than' : 'at least', issue.minimum);
    case 'too_big':
      return sizeText(issue.origin, issue.inclusive === false ? 'less than' : 'at most', issue.maximum);
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return `must ${formats[issue.format] ?? 'match the documented format'}`;
    case 'unrecognized_keys':
      return `must not have ${issue.keys.join(', ')}`;
    case 'invalid_union':
      return unionText(issue);
    default:
      return 'must match the documented format';
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'an array',
  tuple: 'an array',
  object: 'an object',
  record: 'an object',
  date: 'a time',
  null: 'null',
};
const kindOf = (expected: string): string => kinds[expected] ?? expected;

const formats: Readonly<Record<string, string>> = {
  email: 'be an e-mail address',
  url: 'be a URL',
  uuid: 'be a UUID',
  guid: 'be a UUID',
  datetime: 'be a time with a time zone, such as 2026-01-15T09:30:00Z',
};

const units: Readonly<Record<string, string>> = { string: 'character', array: 'item', set: 'item', map: 'entry' };

function sizeText(origin: string, bound: string, size: number | bigint): string {
  const unit = units[origin];
  if (unit === undefined) return `must be ${bound} ${size}`;
  return `must have ${bound} ${size} ${Number(size) === 1 ? unit : unit.replace(/y$/, 'ie') + 's'}`;
}

const oneOf = (values: readonly string[]): string =>
  values.length === 1 ? `must be ${values[0]}` : `must be one of ${values.join(', ')}`;

function unionText({ errors, options, discriminator, input }: z.core.$ZodRawIssue<z.core.$ZodIssueInvalidUnion>): string {
  if (typeof discriminator === 'string' && Array.isArray(options)) {
    const isGiven = typeof input === 'object' && input !== null && discriminator in input;
    return isGiven ? oneOf(options.map(String)) : 'is missing';
  }
  const expected = errors.map(([issue]) =>
    issue?.code === 'invalid_type' && issue.path.length === 0 ? issue.expected : undefined,
  );
  if (expected.length === 0 || expected.includes(undefined)) return 'must match one of the documented formats';
  return `must be ${[...new Set(expected.map((one) => kindOf(String(one))))].join(' or ')}`;
}
