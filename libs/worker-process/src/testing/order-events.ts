import type { OrderEvent, OrderStatus } from '@orderly/contracts';
import { randomUUID } from 'node:crypto';

type Rest = Partial<Pick<OrderEvent, 'notify' | 'occurredAt'>>;

/** The first event of an order. Its customer has an address unless `data` says otherwise. */
export const created = (orderId: string, data: object = {}, rest: Rest = {}): OrderEvent =>
  event('order.created', orderId, { customer: { id: 'c-1', email: `${orderId}@example.com` }, ...data }, rest);

/** An event that moves an order to a status. */
export const moved = (orderId: string, status: OrderStatus, rest: Rest = {}): OrderEvent =>
  event('order.status_changed', orderId, { status }, rest);

/** An event that changes the data of an order. */
export const updated = (orderId: string, data: object, rest: Rest = {}): OrderEvent =>
  event('order.updated', orderId, data, rest);

/** Each event occurs a second after the previous one. */
const startedAt = Date.parse('2026-01-01T00:00:00.000Z');
let made = 0;

function event(type: OrderEvent['type'], orderId: string, data: object, rest: Rest): OrderEvent {
  made += 1;
  const occurredAt = new Date(startedAt + made * 1000).toISOString();
  return { id: randomUUID(), source: 'shop', type, orderId, occurredAt, data, ...rest } as OrderEvent;
}
