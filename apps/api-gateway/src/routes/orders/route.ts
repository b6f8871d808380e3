import type { Database } from '@orderly/database';
import { findOrder } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { Relay } from '@orderly/queue';
import type { RequireScope } from '../../authenticate';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { links } from '../../links';
import { addOperation } from '../../operation';
import { within } from '../../within';
import { changeStatus } from './change-status';
import { changeStatusOperation, findOrderOperation } from './schema';
import { unknownOrder } from './unknown-order';

export interface OrderRouteDependencies {
  readonly db: Database;
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
  readonly requireScope: RequireScope;
}

export function addOrderRoutes(app: FastifyInstance, { db, requireScope, ...changing }: OrderRouteDependencies): void {
  addOperation(app, requireScope, findOrderOperation, async ({ params: { orderId } }) => {
    const order = await within(findOrder(db, orderId));
    if (order === undefined) throw await within(unknownOrder(db, orderId));
    return { ...order, links: { self: links.order(orderId) } };
  });

  addOperation(app, requireScope, changeStatusOperation, (request) => changeStatus(request, changing));
}
