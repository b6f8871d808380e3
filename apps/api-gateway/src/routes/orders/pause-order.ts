import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { changePause, parsePause, type PauseVerb } from '../pause-action';
import type { OrderParams } from './schema';

/** Pauses an order, or ends its pause. An order may be paused before its first event arrives. */
export async function pauseOrder(
  verb: PauseVerb,
  asked: OperationRequest<typeof OrderParams, never>,
  answerOnce: AnswerOnce,
): Promise<Sent> {
  const { params, body } = asked;
  const { orderId } = params;
  const { forSeconds, ...action } = parsePause(verb, body);
  return answerOnce(asked, {
    work: async (query) => {
      const change = await changePause(query, verb, 'order', orderId, { ...actionOf(asked, action), forSeconds });
      return { answer: jsonAnswer(200, { orderId, ...change }), value: undefined };
    },
  });
}
