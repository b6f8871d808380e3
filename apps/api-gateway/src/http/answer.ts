import type { Answer } from '@orderly/ledger';
import type { FastifyReply } from 'fastify';
import { sent, type Sent } from './operation';
import { problemContentType, problemOf } from './problem';
import { noteRefusal } from './refusal-log';
import type { RequestRefused } from './request-refused';
import type { ApiErrorCode } from './status-of-code';

// Answers are built as text, so that a replay has the same bytes as the first answer.

/** Makes a JSON answer. Header names must be in lower case. */
export const jsonAnswer = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/**
 * Makes the problem answer of a refusal.
 *
 * @param traceId - the trace id of the request, read while the request is served. A shared transaction has another trace.
 * @param members - extra members of the problem
 */
export function problemAnswer(refusal: RequestRefused, traceId: string, members: object = {}): Answer {
  const problem = problemOf(refusal, traceId);
  return jsonAnswer(problem.status, { ...problem, ...members }, { ...refusal.headers, 'content-type': problemContentType });
}

/** Sends an answer. A handler returns the result, so that nothing else is sent. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): Sent {
  if (status >= 400) noteRefusal(reply.request, JSON.parse(body) as { code: ApiErrorCode; traceId: string });
  void reply.code(status).headers(headers).send(body);
  return sent;
}
