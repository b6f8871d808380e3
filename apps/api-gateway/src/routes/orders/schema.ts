import { OrderId, OrderStatus } from '@orderly/contracts';
import { z } from 'zod';
import { Id, Json, Link, Moment, StatusOrNone } from '../../answer-schemas';
import { defineOperation } from '../../operation';

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

export const Order = z
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
