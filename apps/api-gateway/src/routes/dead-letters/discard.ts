import { discardLetters } from '@orderly/ledger';
import type { Relay } from '@orderly/queue';
import type { z } from 'zod';
import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { checkedFilter, countChosen } from './chosen-letters';
import { DiscardBody } from './schema';

export interface DiscardDependencies {
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
}

type DiscardRequest = OperationRequest<z.ZodObject, z.ZodObject>;

/** Gives up dead letters in one transaction. */
export async function discard(asked: DiscardRequest, { answerOnce, relay }: DiscardDependencies): Promise<Sent> {
  const { filter: given, ...action } = parseBody(DiscardBody, asked.body);
  const filter = checkedFilter(given);
  return answerOnce(asked, {
    work: async (query) => {
      await countChosen(query, filter);
      const by = { ...actionOf(asked, action), reason: action.reason };
      const { discarded, isMore, runnable } = await discardLetters(query, { filter, ...by });
      return { answer: jsonAnswer(200, { discarded, more: isMore }), value: runnable };
    },
    onCommitted: (runnable) => relay(runnable),
  });
}
