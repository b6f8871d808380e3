import type { Answer } from '@orderly/ledger';
import type { FastifyReply } from 'fastify';
import { sent, type Sent } from './operation';
import { problemContentType, problemOf } from './problem';
import { noteRefusal } from './refusal-log';
import type { RequestRefused } from './request-refused';
import type { ApiErrorCode } from './status-of-code';

// Answers as bytes: what is kept for a repetition is what was sent the first time.

/** An answer whose body is JSON. Headers have names in small letters. */
export const jsonAnswer = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/**
 * The answer of a refusal.
 *
 * @param traceId - the request's, found out while the request was being served: requests that share a transaction share its trace
 * @param members - further ones of the problem
 */
export function problemAnswer(refusal: RequestRefused, traceId: string, members: object = {}): Answer {
  const problem = problemOf(refusal, traceId);
  return jsonAnswer(problem.status, { ...problem, ...members }, { ...refusal.headers, 'content-type': problemContentType });
}

/** Sends an answer, and is the value of a handler that did. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): Sent {
  if (status >= 400) noteRefusal(reply.request, JSON.parse(body) as { code: ApiErrorCode; traceId: string });
  void reply.code(status).headers(headers).send(body);
  return sent;
}
