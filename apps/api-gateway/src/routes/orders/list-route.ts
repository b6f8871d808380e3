import type { Database } from '@orderly/database';
import { listOrders, orderOfOrders } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { nextCursorOf } from '../../list-query';
import { addOperation } from '../../operation';
import { parametersRefused } from '../../parse-parameters';
import { within } from '../../within';
import { listOrdersOperation } from './list-schema';

export interface OrderListDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addOrderList(app: FastifyInstance, { db, requireScope }: OrderListDependencies): void {
  addOperation(app, requireScope, listOrdersOperation, async ({ query }) => {
    const { limit, cursor, destination, lane: state = 'blocked', ...others } = query;
    if (destination === undefined && query.lane !== undefined)
      throw parametersRefused([{ parameter: 'lane', detail: 'needs destination' }]);
    const filter = { ...others, ...(destination !== undefined && { lane: { destination, state } }) };
    if (cursor !== undefined && (cursor.createdAt === undefined) !== (orderOfOrders(filter) === 'id')) {
      throw parametersRefused([{ parameter: 'cursor', detail: 'must be a nextCursor of an earlier page with these filters' }]);
    }
    const page = await within(listOrders(db, filter, { limit, after: cursor }));
    return {
      orders: page.rows.map((order) => ({
        ...order,
        links: { self: links.order(order.orderId), timeline: links.timeline(order.orderId) },
      })),
      nextCursor: nextCursorOf('orders', page),
    };
  });
}
