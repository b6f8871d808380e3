import { decide } from './decide';
import { decideAtDeadline } from './decide-at-deadline';
import { placeholderOf } from './order-state';
import { buildOrder, buildPendingEvent } from './testing';

const policies = ['apply', 'dead-letter'] as const;
const delivered = buildPendingEvent({ data: { status: 'delivered' } });

describe('decideAtDeadline', () => {
  test.each(policies)('rejects an event without an order as order-unknown (%s)', (policy) => {
    const update = buildPendingEvent({ type: 'order.updated', data: { totalMinor: 1 } });
    for (const event of [delivered, update]) {
      expect(decideAtDeadline(placeholderOf('order-1'), event, policy)).toEqual({
        outcome: 'rejected',
        code: 'order-unknown',
        current: null,
        currentVersion: 0,
        allowed: ['pending'],
      });
    }
  });

  test('apply: changes the status in one version and names the skipped statuses', () => {
    const order = buildOrder();
    expect(decideAtDeadline(order, delivered, 'apply')).toEqual({
      outcome: 'applied',
      kind: 'status',
      next: { ...order, status: 'delivered', version: 2, statusOccurredAt: delivered.occurredAt },
      change: { from: 'pending', to: 'delivered', at: delivered.occurredAt },
      skipped: ['confirmed', 'shipped'],
    });
  });

  test('apply: a refund does not skip through cancelled, although that path is shorter', () => {
    const refunded = buildPendingEvent({ data: { status: 'refunded' } });
    expect(decideAtDeadline(buildOrder(), refunded, 'apply')).toMatchObject({ skipped: ['confirmed', 'shipped', 'delivered'] });
  });

  test('dead-letter: rejects as parked-too-long, with the allowed statuses', () => {
    expect(decideAtDeadline(buildOrder(), delivered, 'dead-letter')).toEqual({
      outcome: 'rejected',
      code: 'parked-too-long',
      current: 'pending',
      currentVersion: 1,
      allowed: ['confirmed', 'cancelled'],
    });
  });

  test.each(policies)('decides an event that is no longer early as usual (%s)', (policy) => {
    for (const status of ['shipped', 'delivered', 'refunded', 'cancelled'] as const) {
      const order = buildOrder({ status });
      expect(decideAtDeadline(order, delivered, policy)).toEqual(decide(order, delivered));
    }
  });
});
