import { placeholderOf, type OrderState, type PendingEvent } from './order-state';

/** A pending order that was created at 2026-01-01T00:00:00.000Z, with the given overrides. */
export function buildOrder(overrides: Partial<OrderState> = {}): OrderState {
  const at = '2026-01-01T00:00:00.000Z';
  const data = { currency: 'EUR', customer: { id: 'c-1' } };
  return {
    ...placeholderOf('order-1'),
    status: 'pending',
    version: 1,
    data,
    keyTimes: { currency: at, customer: at },
    statusOccurredAt: at,
    ...overrides,
  };
}

/** An `order.status_changed` to `confirmed` at 2026-01-01T01:00:00.000Z, not parked, with the given overrides. */
export function buildPendingEvent(overrides: Partial<PendingEvent> = {}): PendingEvent {
  return {
    eventId: 'event-1',
    type: 'order.status_changed',
    occurredAt: '2026-01-01T01:00:00.000Z',
    data: { status: 'confirmed' },
    notify: true,
    ...overrides,
  };
}
