import { findOrder, type Database } from '@orderly/database';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { addOperation } from '../../operation';
import { RequestRefused } from '../../request-refused';
import { within } from '../../within';
import { findOrderOperation } from './schema';

export interface OrderRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addOrderRoutes(app: FastifyInstance, { db, requireScope }: OrderRouteDependencies): void {
  addOperation(app, requireScope, findOrderOperation, async ({ params: { orderId } }) => {
    const order = await within(findOrder(db, orderId));
    if (order === undefined) throw new RequestRefused('not-found');
    return { ...order, links: { self: links.order(orderId) } };
  });
}
