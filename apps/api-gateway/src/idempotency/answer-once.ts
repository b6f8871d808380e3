import type { Database, Query } from '@orderly/database';
import { type Executed, type OnceResult, runOnce } from '@orderly/ledger';
import type { FastifyReply } from 'fastify';
import type { z } from 'zod';
import type { OperationRequest, Sent } from '../http/operation';
import { RequestRefused } from '../http/request-refused';
import { orUnavailable } from '../http/or-unavailable';
import { sendAnswer } from '../http/answer';
import { type AnswerRetention, keyedRequestOf } from './keyed-request';

type Asked = Pick<OperationRequest<z.ZodObject, z.ZodObject>, 'request' | 'reply' | 'apiKey' | 'body'>;

/** The work of a request, which runs in one transaction. */
interface OnceWork<Value> {
  /**
   * Does the work, only through `query`, and returns the answer. A returned refusal is stored like any answer. A thrown refusal
   * is not stored, and rolls the work back. May run again after a conflict with another transaction.
   */
  readonly work: (query: Query) => Promise<Executed<Value>>;
  /** Called after this request's own work is committed, but not for a stored answer. */
  readonly onCommitted?: (value: Value) => void;
}

/** Answers a request. If its `Idempotency-Key` has a stored answer, the work does not run again. */
export type AnswerOnce = <Value>(asked: Asked, call: OnceWork<Value>) => Promise<Sent>;

export const createAnswerOnce =
  (db: Database, retention: AnswerRetention): AnswerOnce =>
  async ({ request, reply, apiKey, body }, { work, onCommitted }) => {
    const keyed = keyedRequestOf({ request, apiKey: apiKey(), body }, retention);
    const result = await orUnavailable(runOnce(db, keyed, work));
    if (result.status === 'done') onCommitted?.(result.value);
    return sendOnceResult(reply, result);
  };

/** @throws RequestRefused `idempotency-key-reused` or `idempotency-in-progress` */
export function sendOnceResult(reply: FastifyReply, result: OnceResult<unknown>): Sent {
  switch (result.status) {
    case 'reused':
      throw new RequestRefused('idempotency-key-reused');
    case 'in-progress':
      throw new RequestRefused('idempotency-in-progress', { headers: { 'retry-after': String(retryAfterSeconds) } });
    case 'replayed':
      void reply.header('idempotent-replayed', 'true');
      return sendAnswer(reply, result.answer);
    case 'done':
      return sendAnswer(reply, result.answer);
  }
}

/** One second: the work takes milliseconds, but the header cannot express less. */
const retryAfterSeconds = 1;
