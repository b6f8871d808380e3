import { EventBatchLimit, OrderEvent, orderEventTypes, orderStatuses, Problem, StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { IdempotencyKeyHeader, IdempotentReplayed } from '../../idempotency/idempotency-key';
import { BatchLabel } from '../../intake/check-event';
import { Id, Json, Link, Moment, NextCursor } from '../answer-schemas';
import { CustomerFilter, FilterText, listQuery, OrderFilter, pageCursor, pagesText } from '../list-query';
import { batchExample, eventExamples } from './examples';

const OneTaken = z
  .object({
    eventId: Id.meta({ description: 'The id that Orderly gave the event' }),
    id: z.string().meta({ description: "The producer's id" }),
    orderId: z.string(),
    status: z.enum(['accepted', 'duplicate']),
    links: z.object({ self: Link, order: Link, job: Link }),
  })
  .meta({ id: 'EventTaken' });
/** The answer to one event. */
export type OneTaken = z.output<typeof OneTaken>;

const BatchTaken = z
  .object({
    accepted: z.int().nonnegative(),
    duplicates: z.int().nonnegative(),
    rejected: z.int().nonnegative(),
    results: z
      .array(
        z.object({
          index: z.int().nonnegative().meta({ description: 'Position in the request, from 0' }),
          id: z.string().nullable().meta({ description: "The producer's id; null if the event has no id or an unusable one" }),
          eventId: Id.optional(),
          status: z.enum(['accepted', 'duplicate', 'rejected']),
          problem: Problem.optional(),
        }),
      )
      .readonly(),
  })
  .meta({ id: 'BatchTaken' });
/** The answer to an array of events, with a result for each. */
export type BatchTaken = z.output<typeof BatchTaken>;

export const postEventsOperation = defineOperation({
  id: 'postEvents',
  method: 'post',
  path: '/v1/events',
  tag: 'Events',
  summary: 'Send one event, or an array of up to 1,000',
  description:
    'Responds after the accepted events are committed. In an array, valid events are accepted even if others are invalid; `results` has one entry for each. If every event is rejected, the status is 422 with the same `results`.',
  scope: 'events:write',
  headers: z.object({
    'Idempotency-Key': IdempotencyKeyHeader.optional(),
    'Orderly-Batch': BatchLabel.optional().meta({ description: 'A label for the events of this request' }),
  }),
  body: {
    schema: z.union([OrderEvent, z.array(OrderEvent).min(1).max(EventBatchLimit)]),
    examples: { ...eventExamples, 'several events': batchExample },
  },
  answer: {
    status: 202,
    description: 'Accepted',
    schema: z.union([OneTaken, BatchTaken]),
    headers: z.object({
      Location: Link.optional().meta({ description: 'The event, if the request had a single one' }),
      'Idempotent-Replayed': IdempotentReplayed.optional(),
    }),
  },
  problemMembers: { 'batch-rejected': BatchTaken.partial().shape },
  errors: [
    'invalid-json',
    'unsupported-media-type',
    'payload-too-large',
    'batch-too-large',
    'batch-rejected',
    'event-id-reused',
    'idempotency-key-invalid',
    'idempotency-key-reused',
    'idempotency-in-progress',
  ],
});

const Event = z
  .object({
    eventId: Id,
    id: z.string(),
    source: z.string(),
    type: z.enum(orderEventTypes),
    orderId: z.string(),
    occurredAt: Moment,
    acceptedAt: Moment,
    data: Json,
    notify: z.boolean(),
    batch: z.string().nullable(),
    outcome: z.object({
      status: z.enum(['pending', 'applied', 'duplicate', 'superseded', 'parked', 'rejected', 'skipped', 'unknown', 'discarded']),
      version: z.int().optional().meta({ description: 'The version of the order that the event made' }),
      deadline: Moment.optional().meta({ description: 'The time until which a parked event waits' }),
      waitsFor: z
        .array(z.enum(['order.created', ...orderStatuses]))
        .readonly()
        .optional()
        .meta({ description: 'The events or statuses that a parked event waits for' }),
      code: z.string().optional(),
      message: z.string().optional(),
      detail: Json.optional(),
      at: Moment.optional(),
    }),
    links: z.object({ self: Link, order: Link, job: Link }),
  })
  .meta({ id: 'Event' });

export const findEventOperation = defineOperation({
  id: 'findEvent',
  method: 'get',
  path: '/v1/events/{source}/{id}',
  tag: 'Events',
  summary: 'Read an event and its outcome',
  scope: 'orders:read',
  params: z.strictObject({
    source: StorableText(100).min(1).meta({ description: 'The source of the event' }),
    id: StorableText(200).min(1).meta({ description: "The producer's id of the event" }),
  }),
  answer: { status: 200, description: 'The event', schema: Event },
  errors: ['not-found'],
});

const EventsQuery = listQuery({
  cursor: pageCursor('events', Id),
  orderId: OrderFilter,
  customerId: CustomerFilter,
  type: z.enum(orderEventTypes).optional().meta({ description: 'The event type' }),
  source: FilterText(100, 'The source of the event'),
  status: Event.shape.outcome.shape.status.optional().meta({ description: 'The outcome' }),
  batch: BatchLabel.optional().meta({ description: 'Events with this label' }),
});

const EventSummary = Event.omit({ data: true }).meta({ id: 'EventSummary' });

export const listEventsOperation = defineOperation({
  id: 'listEvents',
  method: 'get',
  path: '/v1/events',
  tag: 'Events',
  summary: 'List events and their outcomes, newest first',
  description: `Leaves out the data of the events. \`from\` and \`to\` compare the time of acceptance. ${pagesText}`,
  scope: 'orders:read',
  query: EventsQuery,
  answer: {
    status: 200,
    description: 'A page of events',
    schema: z.object({ events: z.array(EventSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
