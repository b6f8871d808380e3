import type { Answer } from '@orderly/database';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { traceIdOfRequest } from '../http-server';
import { sent, type Sent } from '../operation';
import { problemContentType, problemOf } from '../problem';
import type { RequestRefused } from '../request-refused';

// Answers as bytes: what is kept for a repetition is what was sent the first time.

/** An answer whose body is JSON. Headers have names in small letters. */
export const jsonAnswer = (status: number, body: object, headers: Readonly<Record<string, string>> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  body: JSON.stringify(body),
});

/** The answer of a refusal, with further members of its problem. */
export function problemAnswer(refusal: RequestRefused, request: FastifyRequest, members: object = {}): Answer {
  const problem = problemOf(refusal, traceIdOfRequest(request));
  return jsonAnswer(problem.status, { ...problem, ...members }, { ...refusal.headers, 'content-type': problemContentType });
}

/** Sends an answer, and is the value of a handler that did. */
export function sendAnswer(reply: FastifyReply, { status, headers, body }: Answer): Sent {
  void reply.code(status).headers(headers).send(body);
  return sent;
}
