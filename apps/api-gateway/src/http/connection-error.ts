import type { ConnectionError } from 'fastify';
import { maxHeaderSize, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemContentType, problemOf } from './problem';
import { RequestRefused } from './request-refused';

/** Answers malformed HTTP, such as an invalid header. No request exists, so Fastify's error handler never sees it. */
export function answerConnectionError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = meaningOf(error.code);
  const { status } = refusal;
  const body = JSON.stringify(problemOf(refusal));
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
      `Content-Type: ${problemContentType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}

function meaningOf(code: string): RequestRefused {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RequestRefused('headers-too-large', { detail: `The path and the headers have at most ${maxHeaderSize} bytes` });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new RequestRefused('request-timeout');
  return new RequestRefused('validation-failed', { status: 400, detail: 'The request is not valid HTTP' });
}
