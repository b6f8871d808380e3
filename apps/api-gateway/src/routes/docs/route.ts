import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import { apiDocumentText } from '../../openapi/api-document-text';

export interface DocsRouteDependencies {
  /** Has the HTML, CSS and script of the page. Swagger UI itself comes from its package. */
  readonly docsPageFolder: string;
}

/** Serves the OpenAPI document and a page to read and try it. The page loads nothing from other hosts, so it works offline. */
export function addDocsRoutes(app: FastifyInstance, { docsPageFolder }: DocsRouteDependencies): void {
  void app.register(fastifyStatic, { root: docsPageFolder, serve: false, cacheControl: false });

  // Built on the first request: start-up need not wait for a document that few requests ask for.
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

/** Browsers keep a copy but ask each time if it is still current. After an upgrade nobody sees the page of the old version. */
const revalidated = 'public, no-cache';

const headersOfPage = {
  'cache-control': revalidated,
  // Users type an API key into this page, so it may load from this origin only and send to this origin only.
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
