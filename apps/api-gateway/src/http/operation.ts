import type { ApiScope } from '@orderly/contracts';
import type { ApiKey } from '@orderly/ledger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { keyOf, type RequireScope } from './authenticate';
import { refuseCompressed } from './json-body';
import { parseParameters } from './parse-parameters';
import type { ApiErrorCode } from './status-of-code';

/** One call of the API. The routes and the OpenAPI document are both made from it, so they cannot differ. */
export interface Operation<
  Params extends z.ZodObject = z.ZodObject,
  Query extends z.ZodObject = z.ZodObject,
  Answer extends z.ZodType = z.ZodType,
> {
  /** Unique; a verb and a noun, such as `listJobs`. */
  readonly id: string;
  readonly method: 'get' | 'post';
  /** The path with parameters in braces, such as `/v1/orders/{orderId}`. */
  readonly path: `/${string}`;
  /** The group of the call in the document. */
  readonly tag: string;
  /** One line. */
  readonly summary: string;
  /** Markdown. */
  readonly description?: string;
  /** The scope that the API key needs; `public` for a call without a key. */
  readonly scope: ApiScope | 'public';
  readonly params?: Params;
  readonly query?: Query;
  /** Headers for the document only: the handler reads and checks them itself. */
  readonly headers?: z.ZodObject;
  /** The JSON body for the document only: the handler checks it itself. */
  readonly body?: { readonly schema: z.ZodType; readonly examples?: Readonly<Record<string, unknown>> };
  /** The answer on success. */
  readonly answer: {
    readonly status: 200 | 201 | 202;
    readonly description: string;
    readonly schema: Answer;
    readonly headers?: z.ZodObject;
  };
  /** A second kind of success, with a status of its own. The handler sets that status. */
  readonly otherAnswer?: { readonly status: 200; readonly description: string; readonly schema: z.ZodType };
  /** Error codes of this call, in addition to those of every call. */
  readonly errors: readonly ApiErrorCode[];
  /** Extra members of this call's problems, by error code. */
  readonly problemMembers?: Readonly<Partial<Record<ApiErrorCode, z.ZodRawShape>>>;
}

/** Keeps the exact types of an operation's schemas. */
export const defineOperation = <
  Params extends z.ZodObject = z.ZodObject<Record<string, never>>,
  Query extends z.ZodObject = z.ZodObject<Record<string, never>>,
  Answer extends z.ZodType = z.ZodType,
>(
  operation: Operation<Params, Query, Answer>,
): Operation<Params, Query, Answer> => operation;

/** A request of an operation, with parsed parameters. */
export interface OperationRequest<Params extends z.ZodObject, Query extends z.ZodObject> {
  readonly params: z.output<Params>;
  readonly query: z.output<Query>;
  /** The parsed JSON, not checked yet; undefined without a body. */
  readonly body: unknown;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  /** @throws for a public operation, which has no key */
  readonly apiKey: () => ApiKey;
}

/** Serves an operation. The value of the handler becomes the body, with the status of `answer`. */
export function addOperation<Params extends z.ZodObject, Query extends z.ZodObject, Answer extends z.ZodType>(
  app: FastifyInstance,
  requireScope: RequireScope,
  operation: Operation<Params, Query, Answer>,
  handle: (request: OperationRequest<Params, Query>) => Promise<z.output<Answer> | Sent>,
): void {
  const { method, path, scope, params, query, answer } = operation;
  app.route({
    method,
    url: path.replaceAll(/\{(\w+)\}/g, ':$1'),
    // Both hooks run before the body is read. The key comes first, so strangers learn nothing about the call.
    ...(scope !== 'public' && { onRequest: [requireScope(scope), ...(method === 'post' ? [refuseCompressed] : [])] }),
    handler: async (request, reply) => {
      void reply.code(answer.status);
      const body = await handle({
        params: parseParameters(params ?? noParameters, request.params) as z.output<Params>,
        query: parseParameters(query ?? noParameters, request.query) as z.output<Query>,
        body: request.body,
        request,
        reply,
        apiKey: () => keyOf(request),
      });
      return body === sent ? reply : body;
    },
  });
}

/** Returned by a handler that has sent its answer itself, such as a stored one. */
export const sent = Symbol('sent');
export type Sent = typeof sent;

const noParameters = z.strictObject({});
