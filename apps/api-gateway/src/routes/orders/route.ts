import type { Database } from '@orderly/database';
import type { Relay } from '@orderly/queue';
import { findOrder, listOrders, orderOfOrders } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { parametersRefused } from '../../http/parse-parameters';
import type { AnswerOnce } from '../../idempotency/answer-once';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { changeStatus } from './change-status';
import { pauseOrder } from './pause-order';
import { resync } from './resync';
import {
  changeStatusOperation,
  findOrderOperation,
  listOrdersOperation,
  pauseOrderOperation,
  resumeOrderOperation,
  resyncOrderOperation,
} from './schema';
import { unknownOrder } from './unknown-order';

export interface OrderRouteDependencies {
  readonly db: Database;
  readonly answerOnce: AnswerOnce;
  readonly relay: Relay;
  readonly requireScope: RequireScope;
}

export function addOrderRoutes(app: FastifyInstance, { db, requireScope, ...changing }: OrderRouteDependencies): void {
  addOperation(app, requireScope, listOrdersOperation, async ({ query }) => {
    const { limit, cursor, destination, lane: state = 'blocked', ...others } = query;
    if (destination === undefined && query.lane !== undefined)
      throw parametersRefused([{ parameter: 'lane', detail: 'needs destination' }]);
    const filter = { ...others, ...(destination !== undefined && { lane: { destination, state } }) };
    // The filters decide the sort order. A cursor of the other order would silently skip orders.
    if (cursor !== undefined && (cursor.createdAt === undefined) !== (orderOfOrders(filter) === 'id')) {
      throw parametersRefused([{ parameter: 'cursor', detail: 'must be a nextCursor of an earlier page with these filters' }]);
    }
    const page = await orUnavailable(listOrders(db, filter, { limit, after: cursor }));
    return {
      orders: page.rows.map((order) => ({
        ...order,
        links: { self: links.order(order.orderId), timeline: links.timeline(order.orderId) },
      })),
      nextCursor: nextCursorOf('orders', page),
    };
  });

  addOperation(app, requireScope, findOrderOperation, async ({ params: { orderId } }) => {
    const order = await orUnavailable(findOrder(db, orderId));
    if (order === undefined) throw await orUnavailable(unknownOrder(db, orderId));
    return { ...order, links: { self: links.order(orderId) } };
  });

  addOperation(app, requireScope, changeStatusOperation, (request) => changeStatus(request, changing));
  addOperation(app, requireScope, resyncOrderOperation, (request) => resync(request, changing));
  addOperation(app, requireScope, pauseOrderOperation, (request) => pauseOrder('pause', request, changing.answerOnce));
  addOperation(app, requireScope, resumeOrderOperation, (request) => pauseOrder('resume', request, changing.answerOnce));
}
