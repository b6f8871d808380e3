import { apiScopes, Problem } from '@orderly/contracts';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Operation } from '../operation';
import { statusOfCode, type ApiErrorCode } from '../status-of-code';

/** The OpenAPI 3.1 document of the API, made from what its operations are made of. */
export function createApiDocument(operations: readonly Operation[]): ReturnType<typeof createDocument> {
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation) };
  }
  return createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Orderly',
        version: '1',
        description:
          'Takes order events in, and tells what became of them. Errors are `application/problem+json` with a stable `code`.',
      },
      servers: [{ url: '/' }],
      tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
      paths,
      components: {
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: `An API key. Its scopes are among ${apiScopes.join(', ')}` },
        },
      },
    },
    {
      override: ({ jsonSchema, zodSchema, io }) => {
        if (zodSchema._zod.def.type === 'date' && io === 'output') {
          jsonSchema.type = 'string';
          jsonSchema.format = 'date-time';
        }
      },
    },
  );
}

const errorsOfEveryCall: readonly ApiErrorCode[] = ['validation-failed', 'database-unavailable', 'internal-error'];
const errorsOfCallsWithKey: readonly ApiErrorCode[] = ['unauthenticated', 'forbidden'];

function operationObject({
  id,
  tag,
  summary,
  description,
  scope,
  params,
  query,
  headers,
  body,
  answer,
  errors,
}: Operation): ZodOpenApiOperationObject {
  const isPublic = scope === 'public';
  const codes = [...errors, ...errorsOfEveryCall, ...(isPublic ? [] : errorsOfCallsWithKey)];
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, isPublic ? undefined : `Needs the scope \`${scope}\`.`].filter(Boolean).join('\n\n'),
    security: isPublic ? [] : [{ apiKey: [] }],
    requestParams: { ...(params && { path: params }), ...(query && { query }), ...(headers && { header: headers }) },
    ...(body && { requestBody: { required: true, content: { 'application/json': { schema: body.schema } } } }),
    responses: {
      [String(answer.status)]: {
        description: answer.description,
        ...(answer.headers && { headers: answer.headers }),
        content: { 'application/json': { schema: answer.schema } },
      },
      ...Object.fromEntries(
        [...Map.groupBy(codes, statusOfCode)].map(([status, ofStatus]) => [
          String(status),
          {
            description: ofStatus.map((code) => `\`${code}\``).join(', '),
            content: { 'application/problem+json': { schema: Problem.extend({ code: z.enum(ofStatus) }) } },
          },
        ]),
      ),
    },
  };
}
