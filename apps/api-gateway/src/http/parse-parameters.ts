import { faultText } from '@orderly/contracts';
import type { z } from 'zod';
import { RequestRefused, type ParameterFault } from './request-refused';

/**
 * Checks the parameters of a URL.
 *
 * @throws RequestRefused `validation-failed` with every parameter at fault
 */
export function parseParameters<Schema extends z.ZodObject>(schema: Schema, parameters: unknown): z.output<Schema> {
  const given = Object.entries(parameters ?? {});
  const repeated = given.filter(([, value]) => Array.isArray(value)).map(([name]) => name);
  const parsed = schema.safeParse(parameters, { error: faultText });
  if (parsed.success) return parsed.data;
  const others = parsed.error.issues.filter(({ path: [name] }) => !repeated.includes(String(name)));
  throw parametersRefused([
    ...repeated.map((parameter) => ({ parameter: shown(parameter), detail: 'is given more than once' })),
    ...others
      .flatMap((issue) => faultsOf(issue, Object.keys(schema.shape)))
      .filter(({ parameter }) => !repeated.includes(parameter)),
  ]);
}

/** Refuses parameters. The detail repeats the faults, because most clients show only the detail. */
export function parametersRefused(faults: readonly ParameterFault[]): RequestRefused {
  const named = faults.slice(0, maxFaults);
  return new RequestRefused('validation-failed', {
    detail: named.map(({ parameter, detail }) => `${parameter} ${detail}`).join('; '),
    faults: named,
  });
}

/** Enough to fix a request. Without a limit, the response could be larger than the request. */
const maxFaults = 20;

function faultsOf(issue: z.core.$ZodIssue, known: readonly string[]): ParameterFault[] {
  if (issue.code !== 'unrecognized_keys') return [{ parameter: shown(issue.path.join('.')), detail: issue.message }];
  const hint = known.length === 0 ? 'which takes none' : `which takes ${known.join(', ')}`;
  return issue.keys.map((key, index) => ({
    parameter: shown(key),
    // The list of known parameters appears only once.
    detail: `is not a parameter of this call${index === 0 ? `, ${hint}` : ''}`,
  }));
}

/** Senders choose the names: without a limit, a name of ten kilobytes would be sent back. */
const shown = (name: string): string => name.slice(0, 100).toWellFormed();
