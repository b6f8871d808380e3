import { z } from 'zod';
import { OrderId, OrderStatus } from './order';
import { OrderPatch, OrderSnapshot } from './order-snapshot';
import { checkStorable } from './storable-json';
import { StorableText } from './text';

export const orderEventTypes = ['order.created', 'order.updated', 'order.status_changed', 'order.cancelled'] as const;
export type OrderEventType = (typeof orderEventTypes)[number];

/** The most events in one request. */
export const EventBatchLimit = 1000;

const reason = StorableText(1000).optional().meta({ description: 'The reason, for people' });

const common = {
  id: StorableText(200).min(1).meta({ description: "The producer's id of the event; unique together with `source`" }),
  source: StorableText(100).min(1).meta({ description: 'The sender: a shop or another system' }),
  orderId: OrderId,
  occurredAt: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text).toISOString())
    .meta({ description: 'When it happened at the producer: RFC 3339 with a time zone' }),
  notify: z
    .boolean()
    .optional()
    .meta({ description: '`false` sends no message to the customer, for example during an import of history' }),
};

/** A fact about an order, as a producer sends it. */
export const OrderEvent = z
  .discriminatedUnion('type', [
    z.strictObject({ ...common, type: z.literal('order.created'), data: OrderSnapshot }).meta({ id: 'OrderCreated' }),
    z.strictObject({ ...common, type: z.literal('order.updated'), data: OrderPatch }).meta({ id: 'OrderUpdated' }),
    z
      .strictObject({
        ...common,
        type: z.literal('order.status_changed'),
        data: z.looseObject({ status: OrderStatus, reason }).check(checkStorable),
      })
      .meta({ id: 'OrderStatusChanged' }),
    z
      .strictObject({ ...common, type: z.literal('order.cancelled'), data: z.looseObject({ reason }).check(checkStorable) })
      .meta({ id: 'OrderCancelled' }),
  ])
  .meta({ id: 'OrderEvent', description: 'A fact about an order' });
export type OrderEvent = z.output<typeof OrderEvent>;
