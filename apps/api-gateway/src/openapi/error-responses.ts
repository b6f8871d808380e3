import { Problem } from '@orderly/contracts';
import { errorCodes } from '@orderly/errors';
import { z } from 'zod';
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from 'zod-openapi';
import { IdempotentReplayed } from '../idempotency/idempotency-key';
import type { Operation } from '../http/operation';
import { problemOf } from '../http/problem';
import { RequestRefused, type RefusalOptions } from '../http/request-refused';
import { statusOfCode, type ApiErrorCode } from '../http/status-of-code';
import { headersOfKey, headersOfStatus, type HeaderShape } from './response-headers';

/** Lists the error responses of an operation, by status. */
export type ErrorResponses = (operation: Operation) => ZodOpenApiResponsesObject;

/**
 * Identical responses of several operations become one component, named after their error codes.
 * If two components would get one name, the later one also carries the name of its operation.
 */
export function createErrorResponses(): ErrorResponses {
  const known = new Map<string, ZodOpenApiResponseObject>();
  const namesInUse = new Set<string>();
  return (operation) => {
    const byStatus = Map.groupBy(refusalsOf(operation), ({ status }) => status);
    return Object.fromEntries(
      [...byStatus].map(([status, refusals]) => {
        const codes = [...new Set(refusals.map(({ code }) => code))].sort();
        const headers = headersOf(operation, status, codes);
        const members = membersOf(operation, codes);
        const name = codes.map((code) => nameOf(code, status)).join('Or');
        const content = [name, ...Object.keys(headers), ...Object.keys(members)].join();
        const id = namesInUse.has(name) ? `${name}Of${pascalCase(operation.id)}` : name;
        const shared = known.get(content) ?? { id, ...response(status, codes, headers, members) };
        namesInUse.add(name);
        known.set(content, shared);
        return [`${status}`, shared];
      }),
    );
  };
}

interface Refusal {
  readonly status: number;
  readonly code: ApiErrorCode;
}

/** Refusals of Node's HTTP parser. They can hit any operation, since they come before routing. */
const refusedConnections: readonly Refusal[] = [
  { status: 400, code: 'validation-failed' },
  { status: 408, code: 'request-timeout' },
  { status: 431, code: 'headers-too-large' },
];

const nameOf = (code: ApiErrorCode, status: number): string => (statusOfCode(code) === status ? pascalCase(code) : 'BadRequest');

const errorsOfEveryCall: readonly ApiErrorCode[] = ['validation-failed', 'overloaded', 'database-unavailable', 'internal-error'];
const errorsOfCallsWithKey: readonly ApiErrorCode[] = ['unauthenticated', 'forbidden', 'rate-limited'];
const errorsOfBodies: readonly ApiErrorCode[] = ['invalid-json', 'unsupported-media-type', 'payload-too-large'];

function refusalsOf({ errors, scope, method, params }: Operation): readonly Refusal[] {
  const codes: readonly ApiErrorCode[] = [
    ...errors,
    ...errorsOfEveryCall,
    ...(scope === 'public' ? [] : errorsOfCallsWithKey),
    ...(method === 'post' ? errorsOfBodies : []),
    // A path parameter with a malformed percent escape matches no route.
    ...(params === undefined ? [] : (['not-found'] as const)),
  ];
  return [...codes.map((code) => ({ code, status: statusOfCode(code) })), ...refusedConnections];
}

function headersOf({ scope, answer }: Operation, status: number, codes: readonly ApiErrorCode[]): HeaderShape {
  const isReplayed = answer.headers?.shape['Idempotent-Replayed'] !== undefined && statusesOfWork.has(status);
  return {
    ...headersOfStatus(status, codes),
    ...(scope !== 'public' && !statusesBeforeKey.has(status) && headersOfKey),
    ...(isReplayed && { 'Idempotent-Replayed': IdempotentReplayed.optional() }),
  };
}

const membersOf = ({ problemMembers }: Operation, codes: readonly ApiErrorCode[]): z.ZodRawShape =>
  Object.fromEntries(codes.flatMap((code) => Object.entries(problemMembers?.[code] ?? {})));

function response(
  status: number,
  codes: readonly ApiErrorCode[],
  headers: HeaderShape,
  members: z.ZodRawShape,
): ZodOpenApiResponseObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${errorCodes[code]}`).join('\n\n'),
    headers: z.object(headers),
    content: {
      'application/problem+json': {
        schema: Problem.extend({ status: z.literal(status), code: z.enum(codes), ...members }),
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code, status) }])),
      },
    },
  };
}

/** Statuses that are sent before the key is known, and so without rate-limit headers. */
const statusesBeforeKey: ReadonlySet<number> = new Set([401, 408, 431]);
/** Statuses that the work itself produces. They are stored, and replayed for the same `Idempotency-Key`. */
const statusesOfWork: ReadonlySet<number> = new Set([404, 409, 412, 422]);

const exampleOf = (code: ApiErrorCode, status: number): Problem => ({
  ...problemOf(new RequestRefused(code, { status, ...examplesOfCodes[code] }), '4bf92f3577b34da6a3ce929d0e0e4736'),
});

/** Examples for codes whose problems have extra members. */
const examplesOfCodes: Readonly<Partial<Record<ApiErrorCode, RefusalOptions>>> = {
  'transition-not-allowed': {
    detail: 'The order is shipped',
    details: { current: 'shipped', allowed: ['delivered', 'returned', 'cancelled'] },
  },
  'version-conflict': { detail: 'The order has version 4', details: { currentVersion: 4 } },
  'event-id-reused': { faults: [{ pointer: '#/id', detail: 'belongs to another event' }] },
};

const pascalCase = (code: string): string => code.replaceAll(/(?:^|-)(\w)/g, (_match, letter: string) => letter.toUpperCase());
