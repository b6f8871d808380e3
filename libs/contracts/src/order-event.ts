import { z } from 'zod';
import { OrderId, OrderStatus } from './order';
import { OrderPatch, OrderSnapshot } from './order-snapshot';
import { checkStorable, StorableText } from './text';

export const orderEventTypes = ['order.created', 'order.updated', 'order.status_changed', 'order.cancelled'] as const;
export type OrderEventType = (typeof orderEventTypes)[number];

/** Events that one request may carry. */
export const EventBatchLimit = 1000;

const reason = StorableText(1000).optional();

const common = {
  /** The producer's id of the event; unique together with `source`. */
  id: StorableText(200).min(1),
  /** Who sent it: a shop, a system. */
  source: StorableText(100).min(1),
  orderId: OrderId,
  /** When it happened at the producer: RFC 3339 with an offset. */
  occurredAt: z.iso
    .datetime({ offset: true, error: 'must be a time with a zone, such as 2026-01-15T09:30:00Z' })
    .transform((text) => new Date(text).toISOString()),
  /** `false`: nobody is notified of it (an import of history). */
  notify: z.boolean().optional(),
};

/** One thing that happened to an order, as a producer sends it. */
export const OrderEvent = z.discriminatedUnion('type', [
  z.strictObject({ ...common, type: z.literal('order.created'), data: OrderSnapshot }),
  z.strictObject({ ...common, type: z.literal('order.updated'), data: OrderPatch }),
  z.strictObject({
    ...common,
    type: z.literal('order.status_changed'),
    data: z.looseObject({ status: OrderStatus, reason }).check(checkStorable),
  }),
  z.strictObject({ ...common, type: z.literal('order.cancelled'), data: z.looseObject({ reason }).check(checkStorable) }),
]);
export type OrderEvent = z.output<typeof OrderEvent>;
