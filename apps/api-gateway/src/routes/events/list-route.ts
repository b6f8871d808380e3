import type { Database } from '@orderly/database';
import { listEvents } from '@orderly/read-model';
import type { FastifyInstance } from 'fastify';
import type { RequireScope } from '../../authenticate';
import { links } from '../../links';
import { nextCursorOf } from '../../list-query';
import { addOperation } from '../../operation';
import { within } from '../../within';
import { listEventsOperation } from './list-schema';

export interface EventListDependencies {
  readonly db: Database;
  readonly requireScope: RequireScope;
}

export function addEventList(app: FastifyInstance, { db, requireScope }: EventListDependencies): void {
  addOperation(app, requireScope, listEventsOperation, async ({ query: { limit, cursor, ...filter } }) => {
    const page = await within(listEvents(db, filter, { limit, after: cursor }));
    return {
      events: page.rows.map((event) => ({
        ...event,
        links: { self: links.event(event.source, event.id), order: links.order(event.orderId), job: links.job(event.eventId) },
      })),
      nextCursor: nextCursorOf('events', page),
    };
  });
}
