import type { NotificationKind, OrderStatus } from '@orderly/contracts';

/**
 * The kind of message for a change; undefined if the change sends none. An update of an order's data (`from` equals `to`) sends
 * none.
 */
export function notificationKindOf(change: { from: OrderStatus | null; to: OrderStatus }): NotificationKind | undefined {
  if (change.from === null) return 'created';
  return change.from === change.to ? undefined : kindOfStatus[change.to];
}

const kindOfStatus: Readonly<Record<OrderStatus, NotificationKind | undefined>> = {
  pending: undefined,
  confirmed: undefined,
  processing: undefined,
  shipped: 'shipped',
  delivered: 'delivered',
  cancelled: 'cancelled',
  returned: 'returned',
  refunded: 'refunded',
};
