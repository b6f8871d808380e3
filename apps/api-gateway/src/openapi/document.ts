import { Problem } from '@orderly/contracts';
import { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from 'zod-openapi';
import type { Operation } from '../http/operation';
import { createErrorResponses, type ErrorResponses } from './error-responses';
import { introduction } from './introduction';
import { type ApiDocument, liftDescriptions } from './lift-descriptions';
import { readable } from './readable-schema';
import { headersOfKey } from './response-headers';
import { tagsOf } from './tags';

/** Builds the OpenAPI 3.1 document from the schemas that also check the requests, so the two cannot drift apart. */
export function createApiDocument(operations: readonly Operation[]): ApiDocument {
  const errorResponses = createErrorResponses();
  const paths: ZodOpenApiPathsObject = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: operationObject(operation, errorResponses) };
  }
  const document = createDocument(
    {
      openapi: '3.1.1',
      info: {
        title: 'Orderly',
        version: '1',
        summary: 'Accepts order events and applies each of them once',
        description: introduction,
      },
      tags: tagsOf(operations),
      paths,
      components: {
        schemas: { Problem },
        securitySchemes: {
          apiKey: { type: 'http', scheme: 'bearer', description: 'An API key with scopes. `npm start` prints one.' },
        },
      },
    },
    { override: readable },
  );
  return liftDescriptions(document);
}

function operationObject(operation: Operation, errorResponses: ErrorResponses): ZodOpenApiOperationObject {
  const { id, tag, summary, description, scope, params, query, headers, body, answer, otherAnswer } = operation;
  const isPublic = scope === 'public';
  return {
    operationId: id,
    tags: [tag],
    summary,
    description: [description, isPublic ? undefined : `Needs the scope \`${scope}\`.`].filter(Boolean).join('\n\n'),
    security: isPublic ? [] : [{ apiKey: [scope] }],
    requestParams: { ...(params && { path: params }), ...(query && { query }), ...(headers && { header: headers }) },
    ...(body && { requestBody: requestBody(body) }),
    responses: {
      [`${answer.status}`]: {
        description: answer.description,
        headers: z.object({ ...answer.headers?.shape, ...(!isPublic && headersOfKey) }),
        content: { 'application/json': { schema: answer.schema } },
      },
      ...(otherAnswer && {
        [`${otherAnswer.status}`]: {
          description: otherAnswer.description,
          headers: z.object({ ...answer.headers?.shape, ...(!isPublic && headersOfKey) }).partial(),
          content: { 'application/json': { schema: otherAnswer.schema } },
        },
      }),
      ...errorResponses(operation),
    },
  };
}

function requestBody({ schema, examples = {} }: NonNullable<Operation['body']>): ZodOpenApiOperationObject['requestBody'] {
  const named = Object.fromEntries(Object.entries(examples).map(([name, value]) => [name, { value }]));
  return {
    // A body is optional exactly if its schema accepts a request without one.
    required: !schema.safeParse(undefined).success,
    content: { 'application/json': { schema, ...(Object.keys(named).length > 0 && { examples: named }) } },
  };
}
