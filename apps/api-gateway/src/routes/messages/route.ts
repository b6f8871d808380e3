import type { Database } from '@orderly/database';
import { listMessages } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { listMessagesOperation } from './schema';

export interface MessageRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addMessageRoutes(app: FastifyInstance, { db, requireScope }: MessageRouteDependencies): void {
  addOperation(app, requireScope, listMessagesOperation, async ({ query: { limit, cursor, ...filter } }) => {
    const page = await orUnavailable(listMessages(db, filter, { limit, after: cursor }));
    return {
      messages: page.rows.map((message) => ({
        ...message,
        links: { order: links.order(message.orderId), job: links.job(message.id) },
      })),
      nextCursor: nextCursorOf('messages', page),
    };
  });
}
