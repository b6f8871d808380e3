import type { Database, Query } from '@orderly/database';
import { type Executed, type OnceResult, runOnce } from '@orderly/ledger';
import type { FastifyReply } from 'fastify';
import type { Sent } from '../http/operation';
import { RequestRefused } from '../http/request-refused';
import { orUnavailable } from '../http/or-unavailable';
import { sendAnswer } from '../http/answer';
import { type AnswerRetention, keyedRequestOf, type RequestIdentity } from './keyed-request';

/** A request whose work is done in one transaction. */
interface OnceCall<Value> extends RequestIdentity {
  readonly reply: FastifyReply;
  /**
   * Does the work through `query` alone, and says how to answer. A refusal that it returns is kept for repetitions like any answer,
   * one that it throws is not, and undoes the work. May run again if another transaction stood in its way.
   */
  readonly work: (query: Query) => Promise<Executed<Value>>;
  /** Called when this very request's work is committed: not for an answer that was kept. */
  readonly onCommitted?: (value: Value) => void;
}

/** Answers a request: without an `Idempotency-Key` by its work, with one by its work or the answer that was kept. */
export type AnswerOnce = <Value>(call: OnceCall<Value>) => Promise<Sent>;

export const createAnswerOnce =
  (db: Database, retention: AnswerRetention): AnswerOnce =>
  async ({ reply, work, onCommitted, ...identity }) => {
    const result = await orUnavailable(runOnce(db, keyedRequestOf(identity, retention), work));
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

/** The work of a request takes milliseconds; this is the least that the header can say. */
const retryAfterSeconds = 1;
