import { orderEventTypes } from '@orderly/contracts';
import { z } from 'zod';
import { Id, NextCursor } from '../../answer-schemas';
import { CustomerFilter, FilterText, OrderFilter, listQuery, pageCursor, pagesText } from '../../list-query';
import { defineOperation } from '../../operation';
import { BatchLabel } from './check-event';
import { Event } from './schema';

const EventsQuery = listQuery({
  cursor: pageCursor('events', Id),
  orderId: OrderFilter,
  customerId: CustomerFilter,
  type: z.enum(orderEventTypes).optional().meta({ description: 'What it tells of the order' }),
  source: FilterText(100, 'Who sent it'),
  status: Event.shape.outcome.shape.status.optional().meta({ description: 'What became of it' }),
  batch: BatchLabel.optional().meta({ description: 'Events with this label' }),
});

const EventSummary = Event.omit({ data: true }).meta({ id: 'EventSummary' });

export const listEventsOperation = defineOperation({
  id: 'listEvents',
  method: 'get',
  path: '/v1/events',
  tag: 'Events',
  summary: 'Events and what became of them, the newest first',
  description: `Without their data. The time of an event is that at which it was accepted. ${pagesText}`,
  scope: 'orders:read',
  query: EventsQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ events: z.array(EventSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
