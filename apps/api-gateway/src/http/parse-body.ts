import { faultText, findUnstorable } from '@orderly/contracts';
import type { z } from 'zod';
import { jsonPointer } from './json-pointer';
import { RequestRefused, type Fault } from './request-refused';

/** Reads a JSON body. @throws RequestRefused `invalid-json` without one, `validation-failed` naming its faults */
export function parseBody<Schema extends z.ZodType>(schema: Schema, body: unknown): z.output<Schema> {
  if (body === undefined) throw new RequestRefused('invalid-json', { detail: 'The body is empty' });
  refuseUnstorable(body);
  const parsed = schema.safeParse(body, { error: faultText });
  if (parsed.success) return parsed.data;
  throw refusalOf(parsed.error.issues.flatMap((issue) => faultsOfIssue(issue)));
}

/**
 * Refuses what the ledger could not keep as it was sent. Comes before anything that walks through a body by recursion.
 *
 * @param path - where the value is in the request's body
 * @throws RequestRefused `validation-failed`
 */
export const refuseUnstorable = (value: unknown, path: readonly PropertyKey[] = []): void =>
  refuseIfAny(findUnstorable(value, path).map((fault) => ({ pointer: jsonPointer(fault.path), detail: fault.detail })));

/** @throws RequestRefused `validation-failed` */
export function refuseIfAny(faults: readonly Fault[]): void {
  if (faults.length > 0) throw refusalOf(faults);
}

/**
 * A fault as the caller can find it.
 *
 * @param path - where the value that was parsed is in the request's body
 */
export function faultsOfIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[] = []): Fault[] {
  const at = (inner: readonly PropertyKey[], detail: string): Fault => ({
    pointer: jsonPointer([...path, ...issue.path, ...inner]),
    detail,
  });
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => at([key], 'is not a field of this object'));
  return [at([], issue.message)];
}

const maxFaults = 20;

const refusalOf = (faults: readonly Fault[]): RequestRefused =>
  new RequestRefused('validation-failed', { faults: faults.slice(0, maxFaults) });
