import type { FastifyInstance, onRequestAsyncHookHandler } from 'fastify';
import type { IncomingHttpHeaders } from 'node:http';
import { RequestRefused } from './request-refused';

/** Accepts only JSON bodies. The routes check the content. */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    async (request: { headers: IncomingHttpHeaders }, body: Buffer) => {
      refuseOtherCharset(request.headers['content-type']);
      // Like a request without a body: some routes need none.
      return body.length === 0 ? undefined : parseJson(body);
    },
  );
}

/** A hook that refuses compressed bodies before they are read: decompressed, they may be a thousand times as large. */
export const refuseCompressed: onRequestAsyncHookHandler = async ({ headers }) => {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    throw new RequestRefused('unsupported-media-type', { detail: 'Send the body without Content-Encoding' });
  }
};

/** JSON is UTF-8 and has no charset (RFC 8259). Bytes in another charset would be read as another text. */
function refuseOtherCharset(contentType = ''): void {
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1];
  if (charset === undefined || /^(utf-?8|us-ascii)$/i.test(charset)) return;
  throw new RequestRefused('unsupported-media-type', { detail: 'Send JSON in UTF-8' });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(utf8.decode(body));
  } catch (error) {
    throw new RequestRefused('invalid-json', { detail: `The body is not JSON in UTF-8${placeOf(error)}` });
  }
}

// Only the position, not V8's own message: it quotes the body, with whatever is secret there. A message with a quotation has no
// position and another end.
function placeOf(error: unknown): string {
  const place = / in JSON at position (\d+) \(line \d+ column \d+\)$/.exec(error instanceof Error ? error.message : '')?.[1];
  return place === undefined ? '' : `: the fault is at position ${place}`;
}

/** Without `fatal`, invalid UTF-8 would silently be replaced and stored as another text. */
const utf8 = new TextDecoder('utf-8', { fatal: true });
