import { OrderId, OrderStatus, StorableText } from '@orderly/contracts';
import { z } from 'zod';
import { defineOperation } from '../../http/operation';
import { IdempotencyKeyHeader, IdempotentReplayed } from '../../idempotency/idempotency-key';
import { BatchLabel } from '../../intake/check-event';
import { errorsOfActions, keyHeaders, OnBehalfOf, Reason, replayHeaders } from '../action-body';
import { Id, Json, Link, Moment, NextCursor, StatusOrNone } from '../answer-schemas';
import { Pause, PauseBody, ResumeBody } from '../pause-schema';
import { FilterText, listQuery, pageCursor, pagesText } from '../list-query';

export const OrderParams = z.strictObject({ orderId: OrderId });

const StatusChange = z
  .object({
    version: z.int().positive(),
    from: StatusOrNone,
    to: OrderStatus,
    skipped: z.array(OrderStatus).readonly().meta({ description: 'Statuses between the two that no event reported' }),
    at: Moment.meta({ description: 'When the change occurred at the producer' }),
    reason: z.string().nullable(),
    eventId: Id,
    appliedAt: Moment,
  })
  .meta({ id: 'StatusChange' });

const Lane = z
  .object({
    destination: z.string(),
    ackedVersion: z.int().nonnegative().meta({ description: 'The newest version that the destination has confirmed; 0 if none' }),
    head: Id.nullable().meta({ description: 'The job that is running or runs next' }),
    blockedBy: Id.nullable().meta({ description: 'The job that a person must settle before anything newer is sent' }),
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
    history: z.array(StatusChange).readonly().meta({ description: 'Oldest first. Only the newest 1,000 changes are shown' }),
    lanes: z.array(Lane).readonly(),
    paused: Pause,
    links: z.object({ self: Link }),
  })
  .meta({ id: 'Order' });

export const findOrderOperation = defineOperation({
  id: 'findOrder',
  method: 'get',
  path: '/v1/orders/{orderId}',
  tag: 'Orders',
  summary: 'Read an order: its state, its history, and the version that each destination has',
  scope: 'orders:read',
  params: OrderParams,
  answer: { status: 200, description: 'The order', schema: Order },
  errors: ['not-found'],
});

/** The body of a manual status change. */
export const StatusChangeBody = z
  .strictObject({
    status: OrderStatus,
    reason: StorableText(1000).optional().meta({ description: 'Stored in the history and sent to the destinations' }),
    expectedVersion: z
      .int32()
      .positive()
      .optional()
      .meta({ description: 'The version on which the decision was based. If the order has another version, nothing changes' }),
    actor: StorableText(200)
      .min(1)
      .optional()
      .meta({ description: 'The person for whom the caller acts; stored as `onBehalfOf`' }),
    notify: z.boolean().optional().meta({ description: '`false`: no message goes to the customer' }),
  })
  .meta({ id: 'StatusChangeRequest' });

const StatusChangeTaken = z
  .object({
    eventId: Id.meta({ description: 'The id of the event that carries the change' }),
    id: z.string().meta({ description: 'The id of that event within the source `manual`' }),
    orderId: OrderId,
    status: z.literal('accepted'),
    links: z.object({ self: Link.meta({ description: 'The event, with its outcome' }), order: Link, job: Link }),
  })
  .meta({ id: 'StatusChangeTaken' });
/** The answer to a manual change that was stored and will be decided on. */
export type StatusChangeTaken = z.output<typeof StatusChangeTaken>;

export const changeStatusOperation = defineOperation({
  id: 'changeStatus',
  method: 'post',
  path: '/v1/orders/{orderId}/status',
  tag: 'Orders',
  summary: 'Change the status of an order by hand',
  description:
    'Applied after all events that were accepted for the order before. A manual change never waits for a missing step: it is applied or refused. If the refusal is certain, it comes at once, as 409 `transition-not-allowed` or 412 `version-conflict`. If it turns out later, the job becomes a dead letter with that code. The current status is accepted and changes nothing.',
  scope: 'ops:write',
  params: OrderParams,
  headers: z.object({ 'Idempotency-Key': IdempotencyKeyHeader.optional() }),
  body: {
    schema: StatusChangeBody,
    examples: { cancel: { status: 'cancelled', reason: 'The customer asked by phone', expectedVersion: 3, actor: 'ada' } },
  },
  answer: {
    status: 202,
    description: 'Accepted',
    schema: StatusChangeTaken,
    headers: z.object({
      Location: Link.meta({ description: 'The event, with its outcome' }),
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

export const ResyncBody = z
  .strictObject({
    destination: StorableText(100)
      .min(1)
      .meta({ description: 'The destination to send to', examples: ['erp'] }),
    reason: Reason.optional(),
    actor: OnBehalfOf,
  })
  .meta({ id: 'ResyncRequest' });

export const resyncOrderOperation = defineOperation({
  id: 'resyncOrder',
  method: 'post',
  path: '/v1/orders/{orderId}/resync',
  tag: 'Orders',
  summary: 'Send the current version of an order to one destination',
  description:
    'Sends it even if the destination has confirmed it before, under a new idempotency key. Dead letters of this order and destination are closed as superseded, and a lane that one of them blocked continues with the current version. A job whose outcome is unknown must be settled first.',
  scope: 'ops:write',
  params: OrderParams,
  headers: keyHeaders,
  body: { schema: ResyncBody, examples: { resync: { destination: 'erp', reason: 'The ERP was restored from a backup' } } },
  answer: {
    status: 202,
    description: 'The job that sends it',
    schema: z
      .object({
        orderId: OrderId,
        destination: z.string(),
        version: z.int().positive(),
        jobId: Id,
        links: z.object({ order: Link, job: Link }),
      })
      .meta({ id: 'ResyncTaken' }),
    headers: z.object({ Location: Link.meta({ description: 'The job' }), ...replayHeaders.shape }),
  },
  errors: [...errorsOfActions, 'not-found', 'destination-unknown', 'destination-outcome-unknown'],
});

const OrderPauseState = z
  .object({
    orderId: OrderId,
    paused: Pause,
    changed: z.boolean().meta({ description: 'False if the order was already in this state' }),
  })
  .meta({ id: 'OrderPauseState' });

const pauseMeaning =
  'Its running jobs finish; no new job of the order starts, and waiting jobs use no attempt. Other orders continue. An order can be paused before its first event arrives. Idempotent.';

const orderPauseOperation = (verb: 'pause' | 'resume') =>
  defineOperation({
    id: `${verb}Order`,
    method: 'post',
    path: `/v1/orders/{orderId}/${verb}`,
    tag: 'Orders',
    summary: verb === 'pause' ? 'Pause an order' : 'Resume an order',
    description: verb === 'pause' ? pauseMeaning : 'Its work continues within seconds. Idempotent.',
    scope: 'ops:write',
    params: OrderParams,
    headers: keyHeaders,
    body: {
      schema: verb === 'pause' ? PauseBody.optional() : ResumeBody.optional(),
      examples: { [verb]: verb === 'pause' ? { reason: 'Fraud check', forSeconds: 3600 } : { actor: 'ada' } },
    },
    answer: {
      status: 200,
      description: 'The new state of the order',
      schema: OrderPauseState,
      headers: replayHeaders,
    },
    errors: errorsOfActions,
  });

export const pauseOrderOperation = orderPauseOperation('pause');
export const resumeOrderOperation = orderPauseOperation('resume');

// To the microsecond, as in the ledger. With a rounded time the next page would skip or repeat orders.
const ExactTime = z.iso.datetime({ precision: 6 }).refine((text) => !text.startsWith('0000'));

const OrdersQuery = listQuery({
  cursor: pageCursor('orders', z.strictObject({ orderId: OrderId, createdAt: ExactTime.optional() })),
  customerId: FilterText(200, '`customer.id` of the order'),
  status: OrderStatus.optional().meta({ description: 'The current status' }),
  destination: FilterText(100, 'Orders whose lane for this destination is in the state `lane`'),
  lane: z.enum(['blocked', 'open']).optional().meta({
    description:
      '`blocked` (default): a job failed or its outcome is unknown, so nothing newer of the order is sent there. `open`: a job is running or may run. Needs `destination`',
  }),
  batch: BatchLabel.optional().meta({ description: 'Orders that have an event with this label' }),
});

const OrderSummary = z
  .object({
    orderId: OrderId,
    status: OrderStatus,
    version: z.int().positive(),
    customerId: z.string().nullable(),
    createdAt: Moment,
    updatedAt: Moment,
    lane: Lane.optional().meta({ description: 'The lane of the requested destination' }),
    links: z.object({ self: Link, timeline: Link }),
  })
  .meta({ id: 'OrderSummary' });

export const listOrdersOperation = defineOperation({
  id: 'listOrders',
  method: 'get',
  path: '/v1/orders',
  tag: 'Orders',
  summary: 'List orders, newest first',
  description: `\`from\` and \`to\` compare the time at which Orderly first heard of the order. With \`batch\` or \`destination\` but without \`customerId\`, orders are sorted by id. Orders whose \`order.created\` has not been applied are not shown. ${pagesText}`,
  scope: 'orders:read',
  query: OrdersQuery,
  answer: {
    status: 200,
    description: 'A page of orders',
    schema: z.object({ orders: z.array(OrderSummary).readonly(), nextCursor: NextCursor }),
  },
  errors: [],
});
