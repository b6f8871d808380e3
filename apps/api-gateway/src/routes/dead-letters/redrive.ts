import { previewRedrive, startRedrive } from '@orderly/ledger';
import { findOperation } from '@orderly/read-model';
import type { z } from 'zod';
import { jsonAnswer } from '../../http/answer';
import type { OperationRequest, Sent } from '../../http/operation';
import { parseBody } from '../../http/parse-body';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { links } from '../links';
import { shownOperation } from '../operation-progress/shown-operation';
import { checkedFilter, countChosen } from './chosen-letters';
import { RedriveBody } from './schema';

export interface RedriveDependencies {
  readonly answerOnce: AnswerOnce;
}

type RedriveRequest = OperationRequest<z.ZodObject, z.ZodObject>;

/** Stores a redrive as an operation, or says what it would do. */
export async function redrive(asked: RedriveRequest, { answerOnce }: RedriveDependencies): Promise<Sent> {
  const { filter: given, dryRun, perSecond, first = null, ...action } = parseBody(RedriveBody, asked.body);
  const filter = checkedFilter(given);
  return answerOnce(asked, {
    work: async (query) => {
      const matched = await countChosen(query, filter);
      if (dryRun) {
        const { sent, superseded, skipped, isComplete } = await previewRedrive(query, filter);
        const counts = { matched, wouldSend: sent, wouldSupersede: superseded, wouldSkip: skipped };
        return { answer: jsonAnswer(200, { dryRun: true, ...counts, isComplete }), value: undefined };
      }
      const id = await startRedrive(query, { filter, perSecond, first, ...actionOf(asked, action) }, matched);
      const operation = await findOperation({ query }, id);
      if (operation === undefined) throw new Error('A stored operation is missing');
      const self = links.operation(id);
      return { answer: jsonAnswer(202, shownOperation(operation), { location: self }), value: undefined };
    },
  });
}
