import type { Database } from '@orderly/database';
import { cancelOperation } from '@orderly/ledger';
import { findOperation } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import { jsonAnswer } from '../../http/answer';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { parseBody } from '../../http/parse-body';
import { RequestRefused } from '../../http/request-refused';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { actionOf } from '../action-body';
import { CancelBody, cancelOperationOperation, findOperationOperation } from './schema';
import { shownOperation } from './shown-operation';

export interface OperationRouteDependencies {
  readonly db: Database;
  readonly answerOnce: AnswerOnce;
  readonly requireScope: RequireScope;
}

export function addOperationRoutes(app: FastifyInstance, { db, answerOnce, requireScope }: OperationRouteDependencies): void {
  addOperation(app, requireScope, findOperationOperation, async ({ params: { operationId } }) => {
    const operation = await orUnavailable(findOperation(db, operationId));
    if (operation === undefined) throw unknownOperation();
    return shownOperation(operation);
  });

  addOperation(app, requireScope, cancelOperationOperation, async (asked) => {
    const { params, body } = asked;
    const action = actionOf(asked, body === undefined ? {} : parseBody(CancelBody, body));
    return answerOnce(asked, {
      work: async (query) => {
        await cancelOperation(query, params.operationId, action);
        const operation = await findOperation({ query }, params.operationId);
        if (operation === undefined) throw unknownOperation();
        return { answer: jsonAnswer(200, shownOperation(operation)), value: undefined };
      },
    });
  });
}

const unknownOperation = (): RequestRefused => new RequestRefused('not-found', { detail: 'No stored operation has this id' });
