import { orderStatuses } from '@orderly/contracts';
import { notificationKindOf } from './notification-kind';

describe('notificationKindOf', () => {
  it('confirms an order whose first version this is', () => {
    expect(notificationKindOf({ from: null, to: 'pending' })).toBe('created');
  });

  it.each(['shipped', 'delivered', 'cancelled', 'returned', 'refunded'] as const)('tells of %s', (to) => {
    expect(notificationKindOf({ from: 'confirmed', to })).toBe(to);
  });

  it.each(['pending', 'confirmed', 'processing'] as const)('is silent about %s', (to) => {
    expect(notificationKindOf({ from: 'pending', to })).toBeUndefined();
  });

  it('is silent about an update that leaves the status as it is', () => {
    for (const status of orderStatuses) expect(notificationKindOf({ from: status, to: status })).toBeUndefined();
  });
});
