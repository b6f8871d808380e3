import type { ConnectionError } from 'fastify';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { problemContentType, problemOf } from './problem';
import { RequestRefused } from './request-refused';

/** Answers what is no proper HTTP, such as a header without end: no request and no route exist for it. */
export function answerConnectionError(error: ConnectionError, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { status, refusal } = meaningOf(error.code);
  const body = JSON.stringify({ ...problemOf(refusal), status });
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

function meaningOf(code: string): { readonly status: number; readonly refusal: RequestRefused } {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return { status: 431, refusal: new RequestRefused('payload-too-large', { detail: 'The header is too large' }) };
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return { status: 408, refusal: new RequestRefused('validation-failed', { detail: 'The request did not arrive in time' }) };
  }
  return { status: 400, refusal: new RequestRefused('validation-failed', { detail: 'The request is not proper HTTP' }) };
}
