import { faultText, findUnstorable } from '@orderly/contracts';
import type { z } from 'zod';
import { jsonPointer } from './json-pointer';
import { RequestRefused, type Fault } from './request-refused';

/**
 * Checks a JSON body against its schema.
 *
 * @throws RequestRefused `invalid-json` if the body is empty, or `validation-failed` with the faults
 */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (body === undefined) throw new RequestRefused('invalid-json', { detail: 'The body is empty' });
  refuseUnstorable(body);
  const parsed = schema.safeParse(body, { error: faultText });
  if (parsed.success) return parsed.data;
  throw refusalOf(parsed.error.issues.flatMap((issue) => faultsOfIssue(issue)));
}

/**
 * Refuses values that the ledger cannot store unchanged. Call it before any recursive walk through a body, because it limits
 * the depth of the nesting.
 *
 * @param path - the position of the value in the request body
 * @throws RequestRefused `validation-failed`
 */
export const refuseUnstorable = (value: unknown, path: readonly PropertyKey[] = []): void =>
  refuseIfAny(findUnstorable(value, path).map((fault) => ({ pointer: jsonPointer(fault.path), detail: fault.detail })));

/** @throws RequestRefused `validation-failed` */
export function refuseIfAny(faults: readonly Fault[]): void {
  if (faults.length > 0) throw refusalOf(faults);
}

/**
 * Turns an issue of Zod into faults with pointers.
 *
 * @param path - the position of the parsed value in the request body
 */
export function faultsOfIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[] = []): Fault[] {
  const at = (inner: readonly PropertyKey[], detail: string): Fault => ({
    pointer: jsonPointer([...path, ...issue.path, ...inner]),
    detail,
  });
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => at([key], 'is not a field of this object'));
  return [at([], issue.message)];
}

/** Enough to fix a request. Without a limit, the response could be larger than the request. */
const maxFaults = 20;

const refusalOf = (faults: readonly Fault[]): RequestRefused =>
  new RequestRefused('validation-failed', { faults: faults.slice(0, maxFaults) });
