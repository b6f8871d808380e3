import { Problem } from '@orderly/contracts';
import { errorCodes } from '@orderly/errors';
import { z } from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Operation } from '../operation';
import { problemOf } from '../problem';
import { RequestRefused } from '../request-refused';
import { statusOfCode, type ApiErrorCode } from '../status-of-code';
import { headersOfKey, headersOfStatus } from './response-headers';

/** All answers of an operation that are errors, by status. */
export type ErrorResponses = (operation: Operation) => ZodOpenApiResponsesObject;

/** Answers that are the same in several operations become one component. */
export function createErrorResponses(): ErrorResponses {
  const known = new Map<string, ZodOpenApiResponseObject>();
  return (operation) => {
    const byStatus = Map.groupBy(refusalsOf(operation), ({ status }) => status);
    return Object.fromEntries(
      [...byStatus].map(([status, refusals]) => {
        const codes = [...new Set(refusals.map(({ code }) => code))].sort();
        if (operation.problemMembers !== undefined && status === 422) {
          return [`${status}`, response(status, codes, operation)];
        }
        const id = `${codes.map((code) => nameOf(code, status)).join('Or')}${hasLimit(operation, status) ? '' : withoutKey(status)}`;
        const shared = known.get(id) ?? { id, ...response(status, codes, operation) };
        known.set(id, shared);
        return [`${status}`, shared];
      }),
    );
  };
}

interface Refusal {
  readonly status: number;
  readonly code: ApiErrorCode;
}

/** What is refused before it is known to be a request: these have a status of their own. */
const refusedConnections: readonly Refusal[] = [
  { status: 400, code: 'validation-failed' },
  { status: 408, code: 'validation-failed' },
  { status: 431, code: 'payload-too-large' },
];
const namesOfConnections: Readonly<Record<number, string>> = { 400: 'BadRequest', 408: 'RequestTimeout', 431: 'HeaderTooLarge' };

const nameOf = (code: ApiErrorCode, status: number): string =>
  (statusOfCode(code) === status ? undefined : namesOfConnections[status]) ?? pascalCase(code);

const errorsOfEveryCall: readonly ApiErrorCode[] = ['validation-failed', 'overloaded', 'database-unavailable', 'internal-error'];
const errorsOfCallsWithKey: readonly ApiErrorCode[] = ['unauthenticated', 'forbidden', 'rate-limited'];
const errorsOfBodies: readonly ApiErrorCode[] = ['invalid-json', 'unsupported-media-type', 'payload-too-large'];

function refusalsOf({ errors, scope, method, params }: Operation): readonly Refusal[] {
  const codes: readonly ApiErrorCode[] = [
    ...errors,
    ...errorsOfEveryCall,
    ...(scope === 'public' ? [] : errorsOfCallsWithKey),
    ...(method === 'post' ? errorsOfBodies : []),
    // A parameter that is no proper URL leads nowhere.
    ...(params === undefined ? [] : (['not-found'] as const)),
  ];
  return [...codes.map((code) => ({ code, status: statusOfCode(code) })), ...refusedConnections];
}

function response(status: number, codes: readonly ApiErrorCode[], operation: Operation): ZodOpenApiResponseObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code]}`).join('\n\n'),
    headers: z.object({ ...headersOfStatus[status], ...(hasLimit(operation, status) && headersOfKey) }),
    content: {
      'application/problem+json': {
        schema: Problem.extend({ status: z.literal(status), code: z.enum(codes), ...operation.problemMembers }),
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code, status) }])),
      },
    },
  };
}

/** What is answered once the key is known, and so with what is left of its limit. */
const statusesAfterKey: ReadonlySet<number> = new Set([403, 404, 409, 412, 413, 415, 422, 429]);

const hasLimit = ({ scope }: Operation, status: number): boolean => scope !== 'public' && statusesAfterKey.has(status);
const withoutKey = (status: number): string => (statusesAfterKey.has(status) ? 'WithoutKey' : '');

const exampleOf = (code: ApiErrorCode, status: number): Problem => ({
  ...problemOf(new RequestRefused(code), '4bf92f3577b34da6a3ce929d0e0e4736'),
  status,
});

const pascalCase = (code: string): string => code.replaceAll(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase());
