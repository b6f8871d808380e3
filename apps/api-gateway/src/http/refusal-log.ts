import { createSparseLog, type Logger } from '@orderly/observability';
import type { FastifyRequest } from 'fastify';
import { validKeyOf } from './authenticate';
import type { ApiErrorCode } from './status-of-code';

/** What a caller is told when a request is refused, and can ask us about. */
interface Refusal {
  readonly code: ApiErrorCode;
  readonly traceId: string;
}

const refusals = new WeakMap<FastifyRequest, Refusal>();

/** Keeps what a request is refused with, until its answer is sent and {@link createRefusalLog} writes it down. */
export const noteRefusal = (request: FastifyRequest, refusal: Refusal): void => void refusals.set(request, refusal);

/**
 * Writes down that a request was refused: nothing of its body and its headers. Whoever has a key is answerable for how many lines
 * there are; of what anybody can send, and of what a limit refuses, there are a few in a minute. What is our own fault is logged
 * where it is found.
 */
export function createRefusalLog(logger: Logger): (request: FastifyRequest, status: number) => void {
  const sparse = new Map<ApiErrorCode, (line: object) => void>();
  const sparseOf = (code: ApiErrorCode): ((line: object) => void) => {
    const known = sparse.get(code) ?? createSparseLog((line: object, requests) => logger.info({ ...line, requests }, text));
    sparse.set(code, known);
    return known;
  };
  return (request, status) => {
    const refusal = refusals.get(request);
    if (refusal === undefined || status >= 500) return;
    const { code, traceId } = refusal;
    const apiKey = validKeyOf(request);
    const { method, routeOptions } = request;
    const line = { code, status, method, route: routeOptions.url ?? 'unknown', trace_id: traceId, apiKeyId: apiKey?.id };
    if (apiKey === undefined || code === 'rate-limited') sparseOf(code)(line);
    else logger.info(line, text);
  };
}

const text = 'A request was refused';
