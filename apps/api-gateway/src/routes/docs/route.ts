import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { apiDocumentText } from '../../openapi/api-document-text';

export interface DocsRouteDependencies {
  /** Holds the page itself; Swagger UI comes from its package. */
  readonly docsPageFolder: string;
}

/** Serves the OpenAPI document, and a page to read and try it with that needs nothing from elsewhere. */
export function addDocsRoutes(app: FastifyInstance, { docsPageFolder }: DocsRouteDependencies): void {
  void app.register(fastifyStatic, { root: docsPageFolder, serve: false, cacheControl: false });

  const document = once(() => {
    const text = apiDocumentText();
    return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` };
  });
  app.get('/openapi.json', async (request, reply) => {
    const { text, etag } = document();
    void reply.headers({ etag, 'cache-control': revalidated });
    if (isKnown(request, etag)) return reply.code(304).send();
    return reply.type('application/json; charset=utf-8').send(text);
  });

  const sendFile = (folder: string, file: string) => (_request: FastifyRequest, reply: FastifyReply) =>
    reply.headers(headersOfPage).sendFile(file, folder);
  app.get('/docs', sendFile(docsPageFolder, 'index.html'));
  for (const file of ['page.js', 'page.css', 'icon.svg']) app.get(`/docs/${file}`, sendFile(docsPageFolder, file));
  const swaggerFolder = dirname(require.resolve('swagger-ui-dist/package.json'));
  for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js']) app.get(`/docs/${file}`, sendFile(swaggerFolder, file));
}

/** Kept by browsers, and asked for again by its ETag: what is shown is always of the version that serves it. */
const revalidated = 'public, no-cache';

const headersOfPage = {
  'cache-control': revalidated,
  // Nothing from elsewhere is loaded, and nothing is sent elsewhere: a key is typed into this page.
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const isKnown = ({ headers }: FastifyRequest, etag: string): boolean =>
  (headers['if-none-match'] ?? '').split(',').some((known) => known.trim().replace(/^W\//, '') === etag);

function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}
