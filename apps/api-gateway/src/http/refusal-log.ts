import { createSparseLog, type Logger } from '@orderly/observability';
import type { FastifyRequest } from 'fastify';
import { validKeyOf } from './authenticate';
import type { ApiErrorCode } from './status-of-code';

/** The code and the trace id that the caller sees, and may quote in a question to support. */
interface Refusal {
  readonly code: ApiErrorCode;
  readonly traceId: string;
}

const refusals = new WeakMap<FastifyRequest, Refusal>();

/** Remembers the refusal of a request until {@link createRefusalLog} logs it. */
export const noteRefusal = (request: FastifyRequest, refusal: Refusal): void => void refusals.set(request, refusal);

/**
 * Logs refused requests, without bodies and headers. Refusals with a valid key get one line each. Refusals without a valid key
 * or by a rate limit get a few lines a minute, so that nobody can flood the log. Errors of the gateway itself are logged where
 * they occur.
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
