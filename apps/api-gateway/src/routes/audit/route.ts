import type { Database } from '@orderly/database';
import { listAudit } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../http/authenticate';
import { links } from '../links';
import { nextCursorOf } from '../list-query';
import { addOperation } from '../../http/operation';
import { orUnavailable } from '../../http/or-unavailable';
import { listAuditOperation } from './schema';

export interface AuditRouteDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addAuditRoutes(app: FastifyInstance, { db, requireScope }: AuditRouteDependencies): void {
  addOperation(app, requireScope, listAuditOperation, async ({ query: { cursor, limit, ...filter } }) => {
    const page = await orUnavailable(listAudit(db, filter, { limit, after: cursor }));
    return {
      entries: page.rows.map((entry) => ({
        ...entry,
        links: {
          order: entry.orderId === null ? undefined : links.order(entry.orderId),
          // The job that applies an event has the event's id.
          job: entry.eventId === null ? undefined : links.job(entry.eventId),
        },
      })),
      nextCursor: nextCursorOf('audit', page),
    };
  });
}
