import type { ConnectionError, FastifyReply, FastifyRequest } from 'fastify';
import { maxHeaderSize, STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { problemContentType, problemOf } from './problem';
import { RequestRefused } from './request-refused';

/** Answers what is no proper HTTP, such as a header without end: no request and no route exist for it. */
export function answerConnectionError(error: ConnectionError, socket: Socket): void {
  const earlier = latestOf.get(socket);
  // What comes after a whole request is none of its business: its own answer goes first.
  if (earlier?.request.complete && !earlier.response.writableFinished)
    earlier.response.once('close', () => answer(error, socket));
  else answer(error, socket);
}

/** To be called with every request, before anything else is done with it. */
export const noteRequest = ({ raw: request }: FastifyRequest, { raw: response }: FastifyReply): void =>
  void latestOf.set(request.socket, { request, response });

const latestOf = new WeakMap<Socket, { readonly request: IncomingMessage; readonly response: ServerResponse }>();

function answer(error: ConnectionError, socket: Socket): void {
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

/**
 * Refuses a request of HTTP/1.1 that does not say, or says twice, for which host it is (RFC 9112, 3.2): two servers in a row
 * could each believe another one. Node would answer without a body.
 *
 * @throws RequestRefused `validation-failed`
 */
export function checkHost({ raw }: FastifyRequest): void {
  const hosts = raw.headersDistinct.host?.length ?? 0;
  if (hosts > 1 || (hosts === 0 && raw.httpVersion !== '1.0')) throw improper('The request must have one Host header');
}

function meaningOf(code: string): RequestRefused {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new RequestRefused('headers-too-large', { detail: `The path and the headers have at most ${maxHeaderSize} bytes` });
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new RequestRefused('request-timeout');
  }
  return improper('The request is not proper HTTP');
}

const improper = (detail: string): RequestRefused => new RequestRefused('validation-failed', { status: 400, detail });
