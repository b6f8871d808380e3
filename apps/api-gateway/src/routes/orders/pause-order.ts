import { pause, resume } from '@orderly/ledger';
import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { PauseBody, ResumeBody } from '../pause-schema';
import type { OrderParams } from './schema';

/** Pauses an order, or ends its pause. An order may be paused before its first event arrives. */
export async function pauseOrder(
  verb: 'pause' | 'resume',
  asked: OperationRequest<typeof OrderParams, never>,
  answerOnce: AnswerOnce,
): Promise<Sent> {
  const { params, body, request, reply, apiKey } = asked;
  const { orderId } = params;
  const { forSeconds, ...action } = parsePause(verb, body);
  return answerOnce({
    request,
    reply,
    apiKey: apiKey(),
    body,
    work: async (query) => {
      const by = actionOf(asked, action);
      const change =
        verb === 'pause' ? pause(query, 'order', orderId, { ...by, forSeconds }) : resume(query, 'order', orderId, by);
      return { answer: jsonAnswer(200, { orderId, ...(await change) }), value: undefined };
    },
  });
}

/** @throws RequestRefused `validation-failed` */
export function parsePause(
  verb: 'pause' | 'resume',
  body: unknown,
): { readonly forSeconds?: number; readonly reason?: string; readonly actor?: string } {
  if (body === undefined) return {};
  return verb === 'pause' ? parseBody(PauseBody, body) : parseBody(ResumeBody, body);
}
