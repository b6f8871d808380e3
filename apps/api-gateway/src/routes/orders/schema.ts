import { OrderId, OrderStatus, StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { IdempotencyKeyHeader, IdempotentReplayed } from '../../idempotency/idempotency-key';
import { BatchLabel } from '../../intake/check-event';
import { Id, Json, Link, Moment, NextCursor, StatusOrNone } from '../answer-schemas';
import { FilterText, listQuery, pageCursor, pagesText } from '../list-query';

export const OrderParams = z.strictObject({ orderId: OrderId });

const StatusChange = z
  .object({
    version: z.int().positive(),
    from: StatusOrNone,
    to: OrderStatus,
    skipped: z.array(OrderStatus).readonly().meta({ description: 'Statuses between the two that no event reported' }),
    at: Moment.meta({ description: 'When it occurred at the producer' }),
    reason: z.string().nullable(),
    eventId: Id,
    appliedAt: Moment,
  })
  .meta({ id: 'StatusChange' });

const Lane = z
  .object({
    destination: z.string(),
    ackedVersion: z
      .int()
      .nonnegative()
      .meta({ description: 'The newest version that the destination has confirmed; 0 for none' }),
    head: Id.nullable().meta({ description: 'The job that runs or runs next' }),
    blockedBy: Id.nullable().meta({ description: 'The job that a person must settle before anything else is sent' }),
  })
  .meta({ id: 'Lane' });

const Order = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: z.int().positive(),
    data: Json.meta({ description: 'The order snapshot' }),
    createdAt: Moment,
    updatedAt: Moment,
    history: z.array(StatusChange).readonly().meta({ description: 'The oldest first; of a very long life the newest thousand' }),
    lanes: z.array(Lane).readonly(),
    links: z.object({ self: Link }),
  })
  .meta({ id: 'Order' });

export const findOrderOperation = defineOperation({
  id: 'findOrder',
  method: 'get',
  path: '/v1/orders/{orderId}',
  tag: 'Orders',
  summary: 'An order as it is now, how it came there, and what each destination has been told',
  scope: 'orders:read',
  params: OrderParams,
  answer: { status: 200, description: 'The order', schema: Order },
  errors: ['not-found'],
});

/** What a person wants of an order. */
export const StatusChangeBody = z
  .strictObject({
    status: OrderStatus,
    reason: StorableText(1000).optional().meta({ description: 'Kept in the history, and told to the destinations' }),
    expectedVersion: z
      .int32()
      .positive()
      .optional()
      .meta({ description: 'The version of the order that was decided on: of another one nothing is changed' }),
    actor: StorableText(200).min(1).optional().meta({ description: 'The person for whom the caller acts: kept as `onBehalfOf`' }),
    notify: z.boolean().optional().meta({ description: '`false` tells no customer' }),
  })
  .meta({ id: 'StatusChangeRequest' });

const StatusChangeTaken = z
  .object({
    eventId: Id.meta({ description: 'Of the event that the change is from now on' }),
    id: z.string().meta({ description: 'The id of that event beside its source, `manual`' }),
    orderId: OrderId,
    status: z.literal('accepted'),
    links: z.object({ self: Link.meta({ description: 'What becomes of it' }), order: Link, job: Link }),
  })
  .meta({ id: 'StatusChangeTaken' });
/** The answer to a manual change that is going to be decided on. */
export type StatusChangeTaken = z.output<typeof StatusChangeTaken>;

export const changeStatusOperation = defineOperation({
  id: 'changeStatus',
  method: 'post',
  path: '/v1/orders/{orderId}/status',
  tag: 'Orders',
  summary: 'Change the status of an order by hand',
  description:
    'Applied after everything that was accepted for the order before. Unlike an event that comes too early it never waits for a missing step: it is applied or refused. What is certain to be refused is refused at once, with 409 `transition-not-allowed` or 412 `version-conflict`; what only turns out later is a dead letter with that code. The status that the order has already is accepted, and changes nothing.',
  scope: 'ops:write',
  params: OrderParams,
  headers: z.object({ 'Idempotency-Key': IdempotencyKeyHeader.optional() }),
  body: {
    schema: StatusChangeBody,
    examples: { cancel: { status: 'cancelled', reason: 'The customer asked by phone', expectedVersion: 3, actor: 'ada' } },
  },
  answer: {
    status: 202,
    description: 'Taken',
    schema: StatusChangeTaken,
    headers: z.object({
      Location: Link.meta({ description: 'The event, and what becomes of it' }),
      'Idempotent-Replayed': IdempotentReplayed.optional(),
    }),
  },
  errors: [
    'invalid-json',
    'unsupported-media-type',
    'payload-too-large',
    'not-found',
    'transition-not-allowed',
    'version-conflict',
    'idempotency-key-invalid',
    'idempotency-key-reused',
    'idempotency-in-progress',
  ],
});

// To the microsecond, as the ledger keeps it: rounded, a page would begin at another order.
const ExactTime = z.iso.datetime({ precision: 6 }).refine((text) => !text.startsWith('0000'));

const OrdersQuery = listQuery({
  cursor: pageCursor('orders', z.strictObject({ orderId: OrderId, createdAt: ExactTime.optional() })),
  customerId: FilterText(200, '`customer.id` of the order'),
  status: OrderStatus.optional().meta({ description: 'The status that they have now' }),
  destination: FilterText(100, 'Orders by their lane for this destination, in the state that `lane` says'),
  lane: z.enum(['blocked', 'open']).optional().meta({
    description:
      '`blocked` (if unsaid): a job failed or nobody knows its outcome, and nothing newer of the order is sent there; no call settles it yet. `open`: a job runs or may run. Needs `destination`',
  }),
  batch: BatchLabel.optional().meta({ description: 'Orders that an event with this label was about' }),
});

const OrderSummary = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: z.int().positive(),
    customerId: z.string().nullable(),
    createdAt: Moment,
    updatedAt: Moment,
    lane: Lane.optional().meta({ description: 'The one of the destination that was asked for' }),
    links: z.object({ self: Link, timeline: Link }),
  })
  .meta({ id: 'OrderSummary' });

export const listOrdersOperation = defineOperation({
  id: 'listOrders',
  method: 'get',
  path: '/v1/orders',
  tag: 'Orders',
  summary: 'Orders, the newest first',
  description: `The time of an order is that at which it was first heard of. By \`batch\` or \`destination\` without \`customerId\` orders come by their ids. Orders whose \`order.created\` has not been applied are not shown. ${pagesText}`,
  scope: 'orders:read',
  query: OrdersQuery,
  answer: {
    status: 200,
    description: 'A page',
    schema: z.object({ orders: z.array(OrderSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
