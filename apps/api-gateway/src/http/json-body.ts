import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { RequestRefused } from './request-refused';

/** Makes JSON the only body that is read; what is wrong with its content is for the routes to say. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: { headers: IncomingHttpHeaders }, body: Buffer) => {
      refuseOtherCharset(request.headers['content-type']);
      // As without a content type: the routes know whether they can do without.
      return body.length === 0 ? undefined : parseJson(body);
    },
  );
}

/** A hook that refuses compressed bodies unread: they may be a thousand times as large as they look. */
export const refuseCompressed: onRequestAsyncHookHandler = async ({ headers }) => {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new RequestRefused('unsupported-media-type', { detail: 'Send the body without Content-Encoding' });
  }
};

/** JSON is UTF-8, and knows no charset (RFC 8259). Whoever names another one has encoded another text than we would read. */
function refuseOtherCharset(contentType = ''): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1];
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return;
  throw new RequestRefused('unsupported-media-type', { detail: 'JSON is sent in UTF-8' });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch {
    // Not V8's own message: it quotes the body, with whatever is secret there.
    throw new RequestRefused('invalid-json', { detail: 'The body is not JSON in UTF-8' });
  }
}

/** Without `fatal` bytes that are no UTF-8 would be stored as another text than was sent. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
