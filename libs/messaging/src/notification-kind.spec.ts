import { orderStatuses } from '@orderly/contracts';
import { notificationKindOf } from './notification-kind';

describe('notificationKindOf', () => {
  it('returns created for the first version of an order', () => {
    expect(notificationKindOf({ from: null, to: 'pending' })).toBe('created');
  });

  it.each(['shipped', 'delivered', 'cancelled', 'returned', 'refunded'] as const)('returns a kind for %s', (to) => {
    expect(notificationKindOf({ from: 'confirmed', to })).toBe(to);
  });

  it.each(['pending', 'confirmed', 'processing'] as const)('returns no kind for %s', (to) => {
    expect(notificationKindOf({ from: 'pending', to })).toBeUndefined();
  });

  it('returns no kind for an update without a status change', () => {
    for (const status of orderStatuses) expect(notificationKindOf({ from: status, to: status })).toBeUndefined();
  });
});
