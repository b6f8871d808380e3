import { findOrder, type Database } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { parseParameters } from '../../parse-parameters';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { OrderParams } from './schema';

export interface OrderRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addOrderRoutes(app: FastifyInstance, { db, requireScope }: OrderRouteDependencies): void {
  app.get('/v1/orders/:orderId', { onRequest: requireScope('orders:read') }, async (request) => {
    const { orderId } = parseParameters(OrderParams, request.params);
    const order = await within(findOrder(db, orderId));
    if (order === undefined) throw new RequestRefused('not-found');
    return { ...order, links: { self: links.order(orderId) } };
  });
}
